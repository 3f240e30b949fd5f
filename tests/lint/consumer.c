/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/io.h>
#include <k8smesos/k8smesos.h>

#include <stdio.h>

/* What someone else's first program looks like: it must find headers and both libraries, and run. */
int main(void) {
  struct k8sm_client_options options = {sizeof options, NULL, NULL, NULL, 0, 0};
  struct k8sm_client *client = NULL;
  uint32_t compiled = K8SM_VERSION_MAJOR * 1000000 + K8SM_VERSION_MINOR * 1000 + K8SM_VERSION_PATCH;
  if (k8sm_client_new(&options, &client, NULL) != K8SM_OK) return 1;
  k8sm_client_free(client);
  printf("%s\n", k8sm_version_text());
  return k8sm_version() == compiled ? 0 : 1;
}
