// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"

	v1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/kubernetes/pkg/apis/core/v1/helper/qos"
)

type sums struct {
	QOS       string              `json:"qos"`
	Resources map[string][2]int64 `json:"resources"` // request and limit, -1 where there is none
}

// What the scheduler counts for a pod as it is written: cpu in thousandths, the others in their own units.
func answerSums(document []byte) any {
	var pod v1.Pod
	if err := json.Unmarshal(document, &pod); err != nil {
		return map[string]string{"error": err.Error()}
	}
	answer := sums{string(qos.ComputePodQOS(&pod)), map[string][2]int64{}}
	lists := []v1.ResourceList{
		resourcehelper.PodRequests(&pod, resourcehelper.PodResourcesOptions{}),
		resourcehelper.PodLimits(&pod, resourcehelper.PodResourcesOptions{}),
	}
	for i, list := range lists {
		for name, quantity := range list {
			row, there := answer.Resources[string(name)]
			if !there {
				row = [2]int64{-1, -1}
			}
			row[i] = quantity.Value()
			if name == v1.ResourceCPU {
				row[i] = quantity.MilliValue()
			}
			answer.Resources[string(name)] = row
		}
	}
	return answer
}
