/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_RESOURCE_JSON_H
#define TESTS_SUPPORT_RESOURCE_JSON_H

/* Resources in Mesos' JSON, for tables of literals: RESOURCE(name, value, more), and what may be in it. */

#define RESOURCE(name, value, more)   "{\"name\":\"" name "\"," value more "}"
#define SCALAR(n)                     "\"type\":\"SCALAR\",\"scalar\":{\"value\":" n "}"
#define DISK(n, more)                 RESOURCE("disk", SCALAR(n), more)
#define RANGES(list)                  "\"type\":\"RANGES\",\"ranges\":{\"range\":[" list "]}"
#define RANGE(begin, end)             "{\"begin\":" begin ",\"end\":" end "}"
#define SET(list)                     "\"type\":\"SET\",\"set\":{\"item\":[" list "]}"
#define RESERVATIONS(list)            ",\"reservations\":[" list "]"
#define RESERVATION(type, role, more) "{\"type\":\"" type "\",\"role\":\"" role "\"" more "}"
#define PRINCIPAL(name)               ",\"principal\":\"" name "\""
#define MINE                          RESERVATION("DYNAMIC", "r", PRINCIPAL("p"))
#define FOR_R                         RESERVATIONS(MINE)
#define DISK_INFO(members)            ",\"disk\":{" members "}"
#define PERSISTENCE(id)               "\"persistence\":{\"id\":\"" id "\"" PRINCIPAL("p") "}"
#define MOUNTED(mode, path)           "\"volume\":{\"mode\":\"" mode "\",\"container_path\":\"" path "\"}"
#define VOLUME_INFO                   DISK_INFO(PERSISTENCE("v") "," MOUNTED("RW", "v"))
#define VOLUME(n)                     DISK(n, FOR_R VOLUME_INFO)
#define SOURCE(type, more)            "\"source\":{\"type\":\"" type "\"" more "}"
#define PROVIDER(id)                  ",\"provider_id\":{\"value\":\"" id "\"}"
#define ALLOCATED(role)               ",\"allocation_info\":{\"role\":\"" role "\"}"

#endif
