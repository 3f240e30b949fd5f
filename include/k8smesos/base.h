/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_BASE_H
#define K8SMESOS_BASE_H

/* What every other header of the library uses: results, slices, the allocator, blobs.
 *
 * Conventions, for the whole library:
 *  - a function that can fail returns K8SM_OK or a negative K8SM_ERR_*, and writes through its
 *    `ret` argument only on success; findings go to the caller's struct k8sm_diags (diag.h);
 *  - option structs start with `size`; zero is the default of every field; a larger struct than the
 *    library knows is accepted if the unknown tail is zero, and refused with K8SM_ERR_ABI if not;
 *  - results are read as rows: `f(object, first, rows, row_size, n)` writes up to n rows, row_size
 *    bytes apart, from the first-th on, and returns how many there are from `first` on, which may be
 *    more than n (call with n = 0 to count). A row_size larger than the library's is zero-filled;
 *  - Owns: a pointer to pointer gives you a reference of your own; a plain pointer or slice that
 *    comes back is borrowed from its object;
 *  - Threads: values (pod, workload, manifest, demand, offers, resources, wants, plan, calls, status, blob)
 *    are immutable and may be shared; mutable objects (cluster, driver, control, effects, client, server)
 *    belong to one thread at a time. Nothing here has globals, reads a clock or draws random numbers;
 *  - Since: everything is of 0.1 unless it says otherwise. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define K8SM_VERSION_MAJOR 0
#define K8SM_VERSION_MINOR 1
#define K8SM_VERSION_PATCH 0

#if defined(__GNUC__)
#define K8SM_API       __attribute__((visibility("default")))
#define K8SM_MUST_USE  __attribute__((warn_unused_result))
#else
#define K8SM_API
#define K8SM_MUST_USE
#endif

/* The version of the library that runs, as major * 1000000 + minor * 1000 + patch: compare it with
 * K8SM_VERSION_* of the headers that you compiled against. */
K8SM_API uint32_t k8sm_version(void);
/* The same as text, "0.1.0". Static; never freed. */
K8SM_API const char *k8sm_version_text(void);

/* Results, for control flow. What exactly is wrong stands in the diagnostics. */
enum {
  K8SM_OK = 0,
  K8SM_ERR_NOMEM = -1,       /* an allocation failed; nothing changed */
  K8SM_ERR_SYNTAX = -2,      /* bytes that are not what they should be */
  K8SM_ERR_INVALID = -3,     /* well-formed, and wrong: a finding names the field */
  K8SM_ERR_UNSUPPORTED = -4, /* right, and not possible here */
  K8SM_ERR_LIMIT = -5,       /* beyond a limit of the options */
  K8SM_ERR_STATE = -6,       /* not now: the object is in another state, or has moved on */
  K8SM_ERR_ABI = -7,         /* the struct is newer than the library and uses what it does not know */
  K8SM_ERR_NOT_FOUND = -8    /* no such thing */
};

/* "K8SM_ERR_NOMEM" and so on; "K8SM_ERR_?" for a number that is none. Static. */
K8SM_API const char *k8sm_result_name(int result);

/* Bytes that live as long as the object they came from. A NUL follows them, for C's convenience;
 * len does not count it. ptr may be NULL only when len is 0: "absent". */
struct k8sm_slice {
  const char *ptr;
  size_t len;
};

/* Where an object takes its memory from: an argument of the call that makes it, kept by the object.
 * NULL means malloc and free. ctx and the functions must outlive every object made with them.
 * alloc returns memory aligned for any type, or NULL. free gets the size that alloc got. */
struct k8sm_allocator {
  size_t size;
  void *ctx;
  void *(*alloc)(void *ctx, size_t n);
  void (*free)(void *ctx, void *p, size_t n);
};

/* Kinds of bytes, for those functions that take or make more than one. */
enum {
  K8SM_FORMAT_AUTO = 0, /* told apart by content */
  K8SM_FORMAT_JSON = 1,
  K8SM_FORMAT_YAML = 2,
  K8SM_FORMAT_PROTOBUF = 3,     /* of Kubernetes objects: in the envelope that names their kind */
  K8SM_FORMAT_PROTOBUF_BARE = 4 /* a Kubernetes object without it: only for calls that say so */
};

/* Immutable bytes that a function made. Value. */
struct k8sm_blob;
K8SM_API struct k8sm_slice k8sm_blob_bytes(const struct k8sm_blob *blob);
K8SM_API struct k8sm_blob *k8sm_blob_ref(struct k8sm_blob *blob);
/* NULL is allowed, here and for every other _unref and _free. */
K8SM_API void k8sm_blob_unref(struct k8sm_blob *blob);

#ifdef __cplusplus
}
#endif
#endif
