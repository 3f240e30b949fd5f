/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_H
#define K8SMESOS_H

/* libk8smesos: Kubernetes pods on Apache Mesos. Everything but io.h, in the order of the data flow:
 *
 *   manifest bytes --pod--> Pod --demand--> Demand --+
 *   OFFERS event bytes --offer--> Cluster -----------+-match--> Plan --task--> ACCEPT bytes
 *   UPDATE event bytes + Demand + Status --status--> Status --> PodStatus, next actions */

#include <k8smesos/base.h>
#include <k8smesos/diag.h>
#include <k8smesos/pod.h>
#include <k8smesos/workload.h>
#include <k8smesos/manifest.h>
#include <k8smesos/resolve.h>
#include <k8smesos/demand.h>
#include <k8smesos/offer.h>
#include <k8smesos/cluster.h>
#include <k8smesos/wants.h>
#include <k8smesos/match.h>
#include <k8smesos/task.h>
#include <k8smesos/status.h>
#include <k8smesos/driver.h>
#include <k8smesos/control.h>

#endif
