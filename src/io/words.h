/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_IO_WORDS_H
#define K8SMI_IO_WORDS_H

/* What an errno value says, in English whatever the locale (strerror is translated, and not safe
 * between threads). Static. */
const char *k8smi_errno_words(int number);

#endif
