/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PROFILES_H
#define K8SMI_POD_PROFILES_H

#include "base/slice.h"

/* Annotations that came before fields of their own: seccomp and AppArmor profiles. */
#define K8SMI_SECCOMP_POD       K8SMI_S("seccomp.security.alpha.kubernetes.io/pod")
#define K8SMI_SECCOMP_CONTAINER K8SMI_S("container.seccomp.security.alpha.kubernetes.io/")
#define K8SMI_APPARMOR          K8SMI_S("container.apparmor.security.beta.kubernetes.io/")
#define K8SMI_PROFILE_LOCALHOST K8SMI_S("localhost/")

#endif
