/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_DIAG_H
#define K8SMESOS_DIAG_H

/* Diagnostics: what was found, where, and what was expected. The caller owns the memory. */

#include <k8smesos/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  K8SM_SEVERITY_NOTE = 1,    /* worth knowing; nothing is lost */
  K8SM_SEVERITY_WARNING = 2, /* done, but not quite as asked */
  K8SM_SEVERITY_ERROR = 3    /* not done */
};

/* Every code: number, name, severity, meaning. Numbers are never reused or renumbered.
 * 1xx bytes, 2xx pods, 3xx Mesos messages, 4xx matching, 5xx tasks, 6xx statuses, 7xx the driver,
 * 8xx connections. doc/diagnostics.md is checked against this list. */
#define K8SM_DIAG_CODES(X)                                                                           \
  X(100, JSON_SYNTAX, ERROR, "the text is not JSON")                                                 \
  X(101, YAML_SYNTAX, ERROR, "the text is not YAML")                                                 \
  X(102, PROTOBUF_SYNTAX, ERROR, "the bytes are not a protobuf message")                             \
  X(103, RECORDIO_SYNTAX, ERROR, "the bytes are not RecordIO")                                       \
  X(104, TOO_DEEP, ERROR, "nested deeper than the limit")                                            \
  X(105, TOO_LARGE, ERROR, "larger than the limit")                                                  \
  X(106, NOT_UTF8, ERROR, "text that is not UTF-8")                                                  \
  X(107, NUL_BYTE, ERROR, "text that holds a NUL")                                                   \
  X(108, DUPLICATE_KEY, ERROR, "the same key twice in one object")                                   \
  X(109, EMPTY_INPUT, ERROR, "nothing to read")                                                      \
  X(110, YAML_ALIASES, ERROR, "aliases expand to too much")                                          \
  X(111, NO_MEMORY, ERROR, "memory ran out")                                                         \
  X(112, OPTIONS_ABI, ERROR, "an option struct that this library does not understand")               \
  X(113, OPTION_INVALID, ERROR, "an option with a value that it can't have")                         \
  X(200, FIELD_TYPE, ERROR, "a field holds another type than it should")                             \
  X(201, FIELD_UNKNOWN, ERROR, "no such field")                                                      \
  X(202, FIELD_REQUIRED, ERROR, "a field that must be there is not")                                 \
  X(203, FIELD_INVALID, ERROR, "a field's value is not valid")                                       \
  X(204, FIELD_DUPLICATE, ERROR, "a value that must be unique stands twice")                         \
  X(205, FIELD_UNSUPPORTED, ERROR, "a value that is not among those allowed")                        \
  X(206, FIELD_FORBIDDEN, ERROR, "a field that may not be set here")                                 \
  X(207, FIELD_TOO_LONG, ERROR, "a value longer than it may be")                                     \
  X(208, FIELD_TOO_MANY, ERROR, "more entries than there may be")                                    \
  X(209, FIELD_NOT_FOUND, ERROR, "a value refers to something that is not there")                    \
  X(210, NUMBER_RANGE, ERROR, "a number outside the range of its field")                             \
  X(211, QUANTITY_SYNTAX, ERROR, "not a quantity")                                                   \
  X(212, VALUE_UNKNOWN, ERROR, "a value refers to what is known only where the pod runs")            \
  X(220, KIND_UNKNOWN, ERROR, "an object of a kind that is not read here")                           \
  X(221, KIND_SKIPPED, NOTE, "an object of a kind that has no meaning here")                         \
  X(222, NO_POD, ERROR, "no pod in the input")                                                       \
  X(223, KIND_LEGACY, NOTE, "an object of a group version that another has followed")                \
  X(300, MESSAGE_FIELD_TYPE, ERROR, "a field of a Mesos message holds another type")                 \
  X(301, MESSAGE_FIELD_REQUIRED, ERROR, "a required field of a Mesos message is missing")            \
  X(302, MESSAGE_TYPE, ERROR, "a Mesos message of another type than expected")                       \
  X(303, MESSAGE_FIELD_UNKNOWN, NOTE, "a Mesos message has a field that is not in the schema")       \
  X(310, OFFER_INVALID, ERROR, "an offer that breaks Mesos' rules")                                  \
  X(311, OFFER_UNKNOWN, ERROR, "no such offer is held")                                              \
  X(312, OFFER_DUPLICATE, ERROR, "an offer with this id is held already")                            \
  X(313, RESOURCE_NOT_HELD, ERROR, "a resource that the offers held do not contain")                 \
  X(314, PLAN_STALE, ERROR, "a placement does not hold any more: the cluster has moved on")          \
  X(400, NO_AGENTS, ERROR, "no agent is known")                                                      \
  X(401, NO_OFFER, ERROR, "the agent has no offer now")                                              \
  X(402, INSUFFICIENT_CPUS, ERROR, "not enough cpus in any one role")                                \
  X(403, INSUFFICIENT_MEM, ERROR, "not enough memory in any one role")                               \
  X(404, INSUFFICIENT_DISK, ERROR, "not enough disk in any one role")                                \
  X(405, PORT_TAKEN, ERROR, "a host port is not offered")                                            \
  X(406, ROLE_MISSING, ERROR, "no offer of a role that the pod may use")                             \
  X(407, AGENT_FEATURE, ERROR, "the agent lacks a feature that the pod needs")                       \
  X(408, AGENT_PINNED, ERROR, "the pod is under way on another agent")                               \
  X(409, NODE_SELECTOR, ERROR, "the agent's labels do not match the pod's node selector")            \
  X(410, NODE_NAME, ERROR, "the pod names another node")                                             \
  X(411, UNTOLERATED_TAINT, ERROR, "the agent has a taint that the pod does not tolerate")           \
  X(412, UNSCHEDULABLE, ERROR, "the agent is not to take more pods")                                 \
  X(413, AGENT_MAINTENANCE, ERROR, "the agent has planned maintenance while the pod would run")      \
  X(414, SCHEDULING_GATED, ERROR, "the pod waits for its scheduling gates")                          \
  X(415, SPREAD_LABEL, ERROR, "the agent lacks a label that the pod is to be spread over")          \
  X(416, SPREAD_SKEW, ERROR, "the pod would make the spread of its like too uneven")                 \
  X(417, POD_AFFINITY, ERROR, "no pod that the pod wants near it is near the agent")                 \
  X(418, POD_ANTI_AFFINITY, ERROR, "a pod that the pod does not want near it is near the agent")     \
  X(419, POD_SHUNNED, ERROR, "a pod near the agent does not want the pod near it")                   \
  X(420, GANG_INCOMPLETE, ERROR, "too few pods of the group have a place at once")                   \
  X(421, AGENT_EXCLUSIVE, ERROR, "a pod wants its agent alone, and there are others")                \
  X(422, INSUFFICIENT_RESOURCE, ERROR, "not enough of an extended resource in any one role")         \
  X(423, CONSTRAINT_IS, ERROR, "the agent has not the value that a constraint IS names")             \
  X(424, CONSTRAINT_LIKE, ERROR, "the agent's value does not match the expression of a constraint LIKE") \
  X(425, CONSTRAINT_UNLIKE, ERROR, "the agent's value matches the expression of a constraint UNLIKE") \
  X(426, CONSTRAINT_CLUSTER, ERROR, "the instances run, or are to, where another value is: CLUSTER") \
  X(427, CONSTRAINT_UNIQUE, ERROR, "an instance runs with the agent's value: UNIQUE")                \
  X(428, CONSTRAINT_GROUP_BY, ERROR, "fewer instances run with other values: GROUP_BY")              \
  X(429, CONSTRAINT_MAX_PER, ERROR, "so many instances run with the agent's value: MAX_PER")         \
  X(430, EXPRESSION_LIMIT, WARNING, "a regular expression takes too many steps on a value: no agent matches") \
  X(431, VOLUME_ELSEWHERE, ERROR, "another agent has a persistent volume of the pod")                \
  X(432, VOLUME_NOT_OFFERED, ERROR, "a persistent volume of the pod is on the agent, and is not offered now") \
  X(433, RESERVATION_MISSING, ERROR, "no offer of a reservation that the pod is for")                 \
  X(434, INSUFFICIENT_STORAGE, ERROR, "no disk that a volume of the pod could be made of, by its storage class") \
  X(500, TASK_FIELD_REFUSED, ERROR, "a field that can't be mapped to Mesos")                         \
  X(501, TASK_FIELD_APPROXIMATED, WARNING, "a field that is mapped with a loss")                     \
  X(502, TASK_ID_INVALID, ERROR, "an id that Mesos or this library does not accept")                 \
  X(503, TASK_FIELD_IGNORED, WARNING, "a field that has no effect on Mesos")                         \
  X(504, MAPPING_CHANGED, ERROR, "an executor that another version of the mapping made")             \
  X(505, OVERLAY_FIELD, ERROR, "a field that an overlay can't set")                                  \
  X(506, OVERLAY_CONFLICT, ERROR, "a label or a variable of an overlay is there already")            \
  X(507, TASK_ID_REUSED, ERROR, "an id that a task has or had already")                              \
  X(600, UPDATE_FOREIGN, NOTE, "an update of a task that is not of this pod")                        \
  X(601, UPDATE_STALE, NOTE, "an update that is older than what is known")                           \
  X(700, MASTER_ERROR, ERROR, "the master ended the framework")                                      \
  X(701, MASTER_RESPONSE, WARNING, "a response that the protocol does not allow")                    \
  X(702, MASTER_LOST, WARNING, "the connection to the master is gone")                               \
  X(703, MASTER_REDIRECT, NOTE, "another master leads")                                              \
  X(704, RECORD_REFUSED, WARNING, "a record could not be kept")                                      \
  X(705, POD_EXISTS, ERROR, "a pod with this name is there already")                                 \
  X(706, POD_UNKNOWN, ERROR, "no such pod")                                                          \
  X(707, INPUT_INVALID, ERROR, "an input that the driver does not take now")                         \
  X(708, RECORD_INVALID, ERROR, "a record that can't be read")                                       \
  X(709, OPERATION_FAILED, WARNING, "an operation on a volume that came to nothing")                 \
  X(800, CONNECT_FAILED, WARNING, "a connection could not be opened")                                \
  X(801, HTTP_SYNTAX, WARNING, "the peer does not speak HTTP/1.1 as it should")                      \
  X(802, CONNECTION_LOST, WARNING, "a connection broke")                                             \
  X(803, ADDRESS_INVALID, ERROR, "not an address")                                                   \
  X(804, LISTEN_FAILED, ERROR, "the address can't be listened on")

enum {
#define K8SM_DIAG_ENUM(number, name, severity, text) K8SM_DIAG_##name = number,
  K8SM_DIAG_CODES(K8SM_DIAG_ENUM)
#undef K8SM_DIAG_ENUM
  K8SM_DIAG_NONE = 0
};

/* One finding. Texts are offsets into the text buffer of the sink, each followed by a NUL. */
struct k8sm_diag {
  uint32_t code;     /* K8SM_DIAG_* */
  uint32_t severity; /* K8SM_SEVERITY_* */
  uint32_t path;     /* "spec.containers[0].image"; the empty text when no field is meant */
  uint32_t message;  /* one line, without the path: what was found, what was expected */
  uint32_t document; /* the number of the document in a stream of several, from 0 */
  uint32_t line;     /* from 1, where a syntax error has one; 0: see k8sm_locate */
  uint32_t column;   /* from 1, in bytes */
  uint32_t reserved;
};

/* The sink: rows and texts are the caller's. All findings of a call are counted, also those for which
 * there was no room: count > cap says that rows are missing, text_used > text_cap that texts were
 * cut. Calls add to the sink; set count, errors and text_used to 0 to use it again. A NULL sink is
 * allowed everywhere. */
struct k8sm_diags {
  size_t size;     /* sizeof(struct k8sm_diags) */
  size_t row_size; /* sizeof(struct k8sm_diag) */
  struct k8sm_diag *rows;
  size_t cap;   /* rows that there is room for */
  size_t count; /* findings so far */
  char *text;
  size_t text_cap;
  size_t text_used; /* bytes that all texts would need */
  size_t errors;    /* how many of the findings are errors */
};

#define K8SM_DIAGS_INIT(rows_array, text_array)                                                      \
  {                                                                                                  \
    sizeof(struct k8sm_diags), sizeof(struct k8sm_diag), (rows_array),                               \
        sizeof(rows_array) / sizeof((rows_array)[0]), 0, (text_array), sizeof(text_array), 0, 0      \
  }

/* The name of a code without its prefix ("FIELD_REQUIRED"), its severity, and its meaning; NULL or 0
 * for a number that is none. Static. */
K8SM_API const char *k8sm_diag_name(uint32_t code);
K8SM_API const char *k8sm_diag_text(uint32_t code);
K8SM_API uint32_t k8sm_diag_severity(uint32_t code);

/* Finds a field of a YAML or JSON text again: line and column (from 1, in bytes) of the value at
 * `path` (as findings write it, or a JSON pointer) in the document-th document; of the nearest parent that is
 * there, when it is not.
 * Errors: SYNTAX if the text can't be read, NOT_FOUND if there is no such document. */
K8SM_API K8SM_MUST_USE int k8sm_locate(const void *bytes, size_t len, uint32_t document, const char *path,
                                       uint32_t *ret_line, uint32_t *ret_column);

/* The same for all findings of a sink that have a path and no line, in one walk over the text: fills in
 * their lines and columns, where there are any. `prefix` stands before their paths in the text
 * ("spec.template.", where they are of a workload's pod); NULL: nothing. What can't be read, such as
 * protobuf, has no lines. Errors: NOMEM; ABI if the rows have no place for lines. */
K8SM_API K8SM_MUST_USE int k8sm_diags_locate(struct k8sm_diags *diags, const void *bytes, size_t len,
                                             const char *prefix);

#ifdef __cplusplus
}
#endif
#endif
