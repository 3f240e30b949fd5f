/* SPDX-License-Identifier: Apache-2.0 */
#include "io/words.h"

#include <errno.h>
#include <stddef.h>

static const struct {
  int number;
  const char *words;
} errno_words[] = {
    {EACCES, "Permission denied"},
    {EADDRINUSE, "Address already in use"},
    {EADDRNOTAVAIL, "Cannot assign requested address"},
    {EAFNOSUPPORT, "Address family not supported"},
    {ECONNABORTED, "Connection aborted"},
    {ECONNREFUSED, "Connection refused"},
    {ECONNRESET, "Connection reset by peer"},
    {EHOSTDOWN, "Host is down"},
    {EHOSTUNREACH, "No route to host"},
    {EMFILE, "Too many open files in this process"},
    {ENETDOWN, "Network is down"},
    {ENETRESET, "Network dropped the connection"},
    {ENETUNREACH, "Network is unreachable"},
    {ENFILE, "Too many open files in the system"},
    {ENOBUFS, "No buffer space available"},
    {ENOMEM, "Out of memory"},
    {ENOTCONN, "Not connected"},
    {EPERM, "Operation not permitted"},
    {EPIPE, "Broken pipe"},
    {EPROTO, "Protocol error"},
    {ETIMEDOUT, "Connection timed out"},
};

const char *k8smi_errno_words(int number) {
  for (size_t i = 0; i < sizeof errno_words / sizeof errno_words[0]; i++) {
    if (errno_words[i].number == number) return errno_words[i].words;
  }
  return "Input/output error";
}
