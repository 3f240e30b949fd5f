// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	kyaml "sigs.k8s.io/yaml"
)

// One YAML document, as JSON.
type yamlAnswer struct {
	Error string `json:"error,omitempty"`
	JSON  string `json:"json,omitempty"`
	// It would be refused for a duplicate key.
	Duplicate bool `json:"duplicate,omitempty"`
}

func answerYAML(document []byte) any {
	text, err := kyaml.YAMLToJSON(document)
	if err != nil {
		return yamlAnswer{Error: err.Error()}
	}
	_, err = kyaml.YAMLToJSONStrict(document)
	return yamlAnswer{JSON: string(text), Duplicate: err != nil}
}

// One JSON document, as YAML.
func answerScalar(document []byte) any {
	text, err := kyaml.JSONToYAML(document)
	if err != nil {
		return yamlAnswer{Error: err.Error()}
	}
	return yamlAnswer{JSON: string(text)}
}

type quantityAnswer struct {
	Error string `json:"error,omitempty"`
	// As written after it was read from JSON, and as written when it is computed.
	Kept      string `json:"kept,omitempty"`
	Canonical string `json:"canonical,omitempty"`
	Value     int64  `json:"value"`
	Milli     int64  `json:"milli"`
	Sign      int    `json:"sign"`
	// Rounded up to a milli, as defaults are.
	Rounded string `json:"rounded,omitempty"`
}

// Quantities, one a line. Answers a quantityAnswer for each, in a list.
func answerQuantity(document []byte) any {
	answers := []quantityAnswer{}
	for _, line := range strings.Split(string(document), "\n") {
		answers = append(answers, readQuantity(line))
	}
	return answers
}

func readQuantity(text string) quantityAnswer {
	quoted, err := json.Marshal(text)
	if err != nil {
		return quantityAnswer{Error: err.Error()}
	}
	var q resource.Quantity
	if err := json.Unmarshal(quoted, &q); err != nil {
		return quantityAnswer{Error: err.Error()}
	}
	kept, err := json.Marshal(q)
	if err != nil {
		return quantityAnswer{Error: err.Error()}
	}
	answer := quantityAnswer{
		Kept:  string(bytes.Trim(kept, `"`)),
		Value: q.Value(),
		Milli: q.MilliValue(),
		Sign:  q.Sign(),
	}
	canonical := q.DeepCopy()
	canonical.Add(resource.Quantity{Format: canonical.Format})
	answer.Canonical = canonical.String()
	rounded := q.DeepCopy()
	rounded.RoundUp(resource.Milli)
	answer.Rounded = rounded.String()
	return answer
}

// Pairs of quantities, two in a line with a tab between. Answers -1, 0 or 1 for each; 2 where one is none.
func answerCompare(document []byte) any {
	answers := []int{}
	for _, line := range strings.Split(string(document), "\n") {
		a, b, _ := strings.Cut(line, "\t")
		left, errLeft := resource.ParseQuantity(a)
		right, errRight := resource.ParseQuantity(b)
		if errLeft != nil || errRight != nil {
			answers = append(answers, 2)
			continue
		}
		answers = append(answers, left.Cmp(right))
	}
	return answers
}
