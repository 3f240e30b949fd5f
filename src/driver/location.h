/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_LOCATION_H
#define K8SMI_DRIVER_LOCATION_H

#include <k8smesos/base.h>
#include <stdbool.h>

/* Where a redirection leads: "//host:port/path" (Mesos leaves the scheme out), "http://host:port/path", or
 * "/path" on the same host, whose authority comes back empty. False for anything else. */
bool k8smi_drv_location(struct k8sm_slice location, struct k8sm_slice *authority, struct k8sm_slice *path);

/* "host:port" that can be put into a Host header: no spaces, controls or slashes, and not empty. */
bool k8smi_drv_authority_valid(struct k8sm_slice authority);

/* Whether a Content-Type names this media type, whatever its case and parameters. */
bool k8smi_drv_media_type_is(struct k8sm_slice content_type, struct k8sm_slice media_type);

#endif
