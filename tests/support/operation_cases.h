/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_OPERATION_CASES_H
#define TESTS_SUPPORT_OPERATION_CASES_H

/* Operations that a master refuses, with its words. The framework has the roles r and s, and the principal p;
 * the offer has all of an agent and is for r. */

#include "support/resource_json.h"

#define RESOURCES                 "cpus:4;mem:4096;disk:100;ports:[1-9]"
#define HAS                       "ports(allocated: r):[1-9]; cpus(allocated: r):4; mem(allocated: r):4096; disk(allocated: r):100"
#define ROOT(kind)                ",\"" kind "\":{\"root\":\"/mnt\"}"
#define SHRINK(n, less)           "\"shrink_volume\":{\"volume\":" n ",\"subtract\":{\"value\":" less "}}"
#define GROW(volume, addition)    "\"grow_volume\":{\"volume\":" volume ",\"addition\":" addition "}"
#define CREATE_DISK(source, more) "\"create_disk\":{\"source\":" source ",\"target_type\":" more "}"
#define DESTROY_DISK(source)      "\"destroy_disk\":{\"source\":" source "}"
#define RAW(more)                 DISK("1", DISK_INFO(SOURCE("RAW", more)) PROVIDER("x"))
#define OLDER(role, members)      ",\"role\":\"" role "\",\"reservation\":{" members "}"
#define INVALID(printed)          "Operation attempted with invalid resources: Resource '" printed "' is invalid: "
#define R_P                       "(reservations: [(DYNAMIC,r,p)])"

/* A type, its member, and what is said: %@ stands for the agent that the operation was for, %H for what the
 * offer has. */
struct refused_case {
  const char *type, *member, *message;
};

/* With the member that a list of resources is in. */
#define LISTS(type, list) type, "\"%m\":{\"%l\":[" list "]}"
#define RESERVE(list)     LISTS("RESERVE", list)
#define UNRESERVE(list)   LISTS("UNRESERVE", list)
#define CREATE(list)      LISTS("CREATE", list)
#define DESTROY(list)     LISTS("DESTROY", list)

static const struct refused_case REFUSED[] = {
    /* the resources by themselves */
    {"RESERVE", NULL,
     "Operation attempted with invalid resources: A RESERVE offer operation must have the "
     "Offer.Operation.reserve field set."},
    {"UNRESERVE", NULL,
     "Operation attempted with invalid resources: An UNRESERVE offer operation must have the "
     "Offer.Operation.unreserve field set."},
    {"CREATE", NULL,
     "Operation attempted with invalid resources: A CREATE offer operation must have the "
     "Offer.Operation.create field set."},
    {"DESTROY", NULL,
     "Operation attempted with invalid resources: A DESTROY offer operation must have the "
     "Offer.Operation.destroy field set."},
    {"GROW_VOLUME", NULL,
     "Operation attempted with invalid resources: A GROW_VOLUME operation must have the "
     "Offer.Operation.grow_volume field set"},
    {"SHRINK_VOLUME", NULL,
     "Operation attempted with invalid resources: A SHRINK_VOLUME offer operation must have the "
     "Offer.Operation.shrink_volume field set"},
    {"CREATE_DISK", NULL,
     "Operation attempted with invalid resources: A CREATE_DISK offer operation must have the "
     "Offer.Operation.create_disk field set."},
    {"DESTROY_DISK", NULL,
     "Operation attempted with invalid resources: A DESTROY_DISK offer operation must have the "
     "Offer.Operation.destroy_disk field set."},
    {"RESERVE", "\"reserve\":{\"source\":[" DISK("1", "") "],\"resources\":[" DISK("1", FOR_R) "]}",
     "Operation attempted with invalid resources: Reservation updates are not yet implemented for the "
     "scheduler API."},
    {RESERVE(RESOURCE("", SCALAR("1"), FOR_R)), INVALID(R_P ":1") "Empty resource name"},
    {RESERVE(DISK("-1", FOR_R)), INVALID("disk" R_P ":-1") "Invalid scalar resource: value <= 0"},
    {RESERVE(DISK("0.0001", FOR_R)), INVALID("disk" R_P ":0") "Invalid scalar resource: value <= 0"},
    {RESERVE(DISK("1e300", FOR_R)), INVALID("disk" R_P ":1e+300") "Invalid scalar resource: value <= 0"},
    {RESERVE(RESOURCE("disk", "\"type\":\"SCALAR\"", FOR_R)),
     INVALID("disk" R_P ":0") "Invalid scalar resource"},
    {RESERVE(RESOURCE("ports", "\"type\":\"RANGES\"", FOR_R)),
     INVALID("ports" R_P ":[]") "Invalid ranges resource"},
    {RESERVE(RESOURCE("x", "\"type\":\"SET\"", FOR_R)), INVALID("x" R_P ":{}") "Invalid set resource"},
    {RESERVE(RESOURCE("x", "\"type\":\"TEXT\"", FOR_R)), INVALID("x" R_P ":0") "Unsupported resource type"},
    {RESERVE(RESOURCE("ports", RANGES(RANGE("2", "1")), FOR_R)),
     INVALID("ports" R_P ":[2-1]") "Invalid ranges resource: begin > end"},
    {RESERVE(RESOURCE("ports", RANGES(RANGE("1", "3") "," RANGE("3", "4")), FOR_R)),
     INVALID("ports" R_P ":[1-3, 3-4]") "Invalid ranges resource: overlapping ranges"},
    {RESERVE(RESOURCE("ports", RANGES(RANGE("5", "9") "," RANGE("1", "3") "," RANGE("2", "2")), FOR_R)),
     INVALID("ports" R_P ":[5-9, 1-3, 2-2]") "Invalid ranges resource: overlapping ranges"},
    {RESERVE(RESOURCE("ports", RANGES(RANGE("3", "11") "," RANGE("1", "3")), FOR_R)),
     "%H does not contain ports(allocated: r):[3-11, 1-3]"}, /* the later begins before */
    {RESERVE(RESOURCE("x", SET("\"b\",\"a\",\"b\""), FOR_R)),
     INVALID("x" R_P ":{b, a, b}") "Invalid set resource: duplicated elements"},
    {RESERVE(RESOURCE("cpus", SCALAR("1"), FOR_R DISK_INFO(""))),
     INVALID("cpus" R_P "[]:1") "DiskInfo should not be set for cpus resource"},
    {CREATE(DISK("1", DISK_INFO(SOURCE("UNKNOWN", "")))),
     INVALID("disk[UNKNOWN]:1") "Unsupported 'DiskInfo.Source.Type' in 'UNKNOWN'"},
    {CREATE(DISK("1", DISK_INFO(SOURCE("BLOCK", ROOT("mount"))))),
     INVALID("disk[BLOCK]:1") "Mount should not be set for BLOCK disk source"},
    {CREATE(DISK("1", DISK_INFO(SOURCE("RAW", ROOT("path"))))),
     INVALID("disk[RAW]:1") "Path should not be set for RAW disk source"},
    {RESERVE(DISK("1", ",\"shared\":{}")), INVALID("disk<SHARED>:1") "Only persistent volumes can be shared"},
    {RESERVE(RESOURCE("cpus", SCALAR("1"), ",\"shared\":{},\"revocable\":{}")),
     INVALID("cpus{REV}<SHARED>:1") "Resource cpus cannot be shared"},
    /* reservations, of both forms */
    {RESERVE(DISK("1", RESERVATIONS("{\"role\":\"r\"}"))),
     INVALID("disk(reservations: [(UNKNOWN,r)]):1") "Invalid reservation: 'Resource.ReservationInfo.type' "
                                                    "field must be set."},
    {RESERVE(DISK("1", RESERVATIONS("{\"type\":\"DYNAMIC\"}"))),
     INVALID("disk(reservations: [(DYNAMIC,)]):1") "Invalid reservation: 'Resource.ReservationInfo.role' "
                                                   "field must be set."},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "*", "")))),
     INVALID("disk(reservations: [(DYNAMIC,*)]):1") "Invalid reservation: role \"*\" cannot be reserved"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("UNKNOWN", "r", "")))),
     INVALID("disk(reservations: [(UNKNOWN,r)]):1") "Unsupported 'Resource.ReservationInfo.Type'"},
    {RESERVE(DISK("1", RESERVATIONS(MINE "," MINE))),
     INVALID("disk(reservations: [(DYNAMIC,r,p),(DYNAMIC,r,p)]):1") "Invalid refined reservation: role 'r' "
                                                                    "is not a refinement of 'r'"},
    {RESERVE(DISK("1", RESERVATIONS(MINE "," RESERVATION("STATIC", "r/a", "")))),
     INVALID("disk(reservations: [(DYNAMIC,r,p),(STATIC,r/a)]):1") "Invalid refined reservation: A refined "
                                                                   "reservation cannot be STATIC"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "", "")))),
     INVALID("disk(reservations: [(DYNAMIC,)]):1") "Role names cannot be the empty string"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "/a", "")))),
     INVALID("disk(reservations: [(DYNAMIC,/a)]):1") "Role '/a' cannot start with a slash"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "a/", "")))),
     INVALID("disk(reservations: [(DYNAMIC,a/)]):1") "Role 'a/' cannot end with a slash"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "a//b", "")))),
     INVALID("disk(reservations: [(DYNAMIC,a//b)]):1") "Role 'a//b' cannot contain two adjacent slashes"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "a/..", "")))),
     INVALID("disk(reservations: [(DYNAMIC,a/..)]):1") "Role 'a/..' cannot include '..' as a component"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "a/-b", "")))),
     INVALID("disk(reservations: [(DYNAMIC,a/-b)]):1") "Role component '-b' is invalid because it starts "
                                                       "with a dash"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "a b/c", "")))),
     INVALID("disk(reservations: [(DYNAMIC,a b/c)]):1") "Role component 'a b' is invalid because it contains "
                                                        "backspace or whitespace"},
    {RESERVE(DISK("1", OLDER("*", ""))),
     INVALID("disk:1") "Invalid reservation: role \"*\" cannot be dynamically reserved"},
    {RESERVE(DISK("1", OLDER("r", "\"type\":\"DYNAMIC\""))),
     INVALID(
         "disk:1") "'Resource.ReservationInfo.type' must not be set for the 'Resource.reservation' field"},
    {RESERVE(DISK("1", OLDER("r", "\"role\":\"r\""))),
     INVALID(
         "disk:1") "'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field"},
    {RESERVE(DISK("1", FOR_R ",\"role\":\"a\"")),
     INVALID("disk" R_P ":1") "Invalid resource format: 'Resource.role' field with 'a' does not match the "
                              "role 'r' in 'Resource.reservations'"},
    {RESERVE(DISK("1", FOR_R ",\"role\":\"r\"")),
     INVALID("disk" R_P
             ":1") "Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be both "
                   "set or both not set if the single reservation in 'Resource.reservations' is DYNAMIC"},
    {RESERVE(DISK("1", FOR_R OLDER("r", "\"principal\":\"q\""))),
     INVALID("disk" R_P ":1") "Invalid resource format: 'Resource.reservation.principal' field with 'q' does "
                              "not match the principal 'p' in 'Resource.reservations'"},
    {RESERVE(DISK("1", FOR_R OLDER("r", "\"principal\":\"p\",\"labels\":{\"labels\":[{\"key\":\"a\","
                                        "\"value\":\"b\"},{\"key\":\"c\"}]}"))),
     INVALID("disk" R_P ":1") "Invalid resource format: 'Resource.reservation.labels' field with '{a: b, c}' "
                              "does not match the labels '{}' in 'Resource.reservations'"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("STATIC", "r", "")) OLDER("r", ""))),
     INVALID("disk(reservations: [(STATIC,r)]):1") "Invalid resource format: 'Resource.reservation' must not "
                                                   "be set if the single reservation in "
                                                   "'Resource.reservations' is STATIC"},
    {RESERVE(DISK("1", RESERVATIONS(MINE "," RESERVATION("DYNAMIC", "r/a", "")) ",\"role\":\"r\"")),
     INVALID(
         "disk(reservations: [(DYNAMIC,r,p),(DYNAMIC,r/a)]):1") "Invalid resource format: 'Resource.role' "
                                                                "must not be set if there is more than one "
                                                                "reservation in 'Resource.reservations'"},
    {RESERVE(DISK("1", RESERVATIONS(MINE "," RESERVATION("DYNAMIC", "r/a", "")) ",\"reservation\":{}")),
     INVALID("disk(reservations: [(DYNAMIC,r,p),(DYNAMIC,r/a)]):1") "Invalid resource format: "
                                                                    "'Resource.reservation' must not be set "
                                                                    "if there is more than one reservation "
                                                                    "in 'Resource.reservations'"},
    /* several together */
    {RESERVE(""), "Invalid resources: The resources have multiple resource providers: %@"},
    {UNRESERVE(""), "Invalid resources: The resources have multiple resource providers: %@"},
    {CREATE(""), "Invalid resources: The resources have multiple resource providers: %@"},
    {DESTROY(""), "Invalid resources: The resources have multiple resource providers: %@"},
    {RESERVE(DISK("0", FOR_R)), "Invalid resources: The resources have multiple resource providers: %@"},
    {RESERVE(DISK("1", FOR_R) "," DISK("1", FOR_R PROVIDER("x"))),
     "Invalid resources: Some resources have a resource provider and some do not%@"},
    {RESERVE(DISK("1", FOR_R PROVIDER("x")) "," DISK("1", FOR_R PROVIDER("y"))),
     "Invalid resources: The resources have multiple resource providers: x, y%@"},
    {RESERVE(DISK("1", FOR_R PROVIDER("x"))), "%H does not contain disk(allocated: r):1"},
    {RESERVE(RESOURCE("gpus", SCALAR("0.5"), FOR_R)),
     "Invalid resources: Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer%@"},
    {RESERVE(DISK("1", FOR_R ",\"revocable\":{}")),
     "Invalid resources: Invalid ReservationInfo: Dynamically reserved resource disk(allocated: r)" R_P
     "{REV}:1 cannot be created from revocable resources%@"},
    /* RESERVE and UNRESERVE */
    {RESERVE(DISK("1", "")), "Resource disk(allocated: r):1 is not dynamically reserved%@"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("STATIC", "r", "")))),
     "Resource disk(allocated: r)(reservations: [(STATIC,r)]):1 is not dynamically reserved%@"},
    {RESERVE(DISK("1", ",\"role\":\"r\"")),
     "Resource disk(allocated: r)(reservations: [(STATIC,r)]):1 is not dynamically reserved%@"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "r", "")))),
     "A reserve operation was attempted by principal 'p', but there is a reserved resource in the request "
     "with no principal set%@"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "r", PRINCIPAL("q"))))),
     "A reserve operation was attempted by authenticated principal 'p', which does not match a reserved "
     "resource in the request with principal 'q'%@"},
    {RESERVE(DISK("1", RESERVATIONS(RESERVATION("DYNAMIC", "a", PRINCIPAL("p"))))),
     "A reserve operation was attempted for a resource with role 'a', but the resource was allocated to role "
     "'r'%@"},
    {RESERVE(DISK("1", ALLOCATED("a") RESERVATIONS(RESERVATION("DYNAMIC", "a", PRINCIPAL("p"))))),
     "A reserve operation was attempted for a resource allocated to role 'a', but the framework only has "
     "roles '{ r, s }'%@"},
    {RESERVE(DISK("1", FOR_R) "," DISK("1", ALLOCATED("s")
                                                RESERVATIONS(RESERVATION("DYNAMIC", "s", PRINCIPAL("p"))))),
     "Invalid reservation resources: The resources have multiple allocation roles ('s' and 'r') but only one "
     "allocation role is allowed%@"},
    {RESERVE(DISK("1", FOR_R ",\"allocation_info\":{}")),
     "A reserve operation was attempted on unallocated resource disk(allocated: )" R_P
     ":1, but frameworks can only perform reservations on allocated resources%@"},
    {RESERVE(DISK("101", FOR_R)), "%H does not contain disk(allocated: r):101"},
    {RESERVE(DISK("101", OLDER("r", "\"principal\":\"p\""))), "%H does not contain disk(allocated: r):101"},
    {RESERVE(DISK("60", FOR_R) "," DISK("50.0006", FOR_R)), "%H does not contain disk(allocated: r):110.001"},
    {UNRESERVE(DISK("1", "")), "Resource disk(allocated: r):1 is not dynamically reserved%@"},
    {UNRESERVE(VOLUME("1")), "A dynamically reserved persistent volume disk(allocated: r)" R_P
                             "[v:v]:1 cannot be unreserved directly. Please destroy the persistent volume "
                             "first then unreserve the resource%@"},
    {UNRESERVE(DISK("1", FOR_R) "," DISK("1", FOR_R)), "%H does not contain disk(allocated: r)" R_P ":1"},
    {UNRESERVE(
         DISK("1", RESERVATIONS(RESERVATION("UNKNOWN", "r", "") "," RESERVATION("DYNAMIC", "r/a", "")))),
     "%H does not contain disk(allocated: r)(reservations: [(UNKNOWN,r),(DYNAMIC,r/a)]):1"},
    /* CREATE and DESTROY */
    {CREATE(DISK("1", FOR_R)),
     "Not a persistent volume: Resource disk(allocated: r)" R_P ":1 does not have DiskInfo%@"},
    {CREATE(DISK("1", FOR_R DISK_INFO(""))),
     "Invalid resources: Invalid DiskInfo: DiskInfo is set but empty%@"},
    {CREATE(DISK("1", FOR_R DISK_INFO(MOUNTED("RW", "v")))),
     "Invalid resources: Invalid DiskInfo: Non-persistent volume not supported%@"},
    {CREATE(DISK("1", FOR_R DISK_INFO(SOURCE("PATH", "")))),
     "Not a persistent volume: 'persistence' is not set in DiskInfo%@"},
    {CREATE(DISK("1", FOR_R DISK_INFO(PERSISTENCE("v")))),
     "Invalid resources: Invalid DiskInfo: Expecting 'volume' to be set for persistent volume%@"},
    {CREATE(DISK("1", VOLUME_INFO)),
     "Invalid resources: Invalid DiskInfo: Persistent volumes cannot be created from unreserved resources%@"},
    {CREATE(DISK("1", FOR_R VOLUME_INFO ",\"revocable\":{}")),
     "Invalid resources: Invalid DiskInfo: Persistent volumes cannot be created from revocable resources%@"},
    {CREATE(
         DISK("1", FOR_R DISK_INFO(PERSISTENCE(
                       "v") ",\"volume\":{\"mode\":\"RW\",\"container_path\":\"v\",\"host_path\":\"/\"}"))),
     "Invalid resources: Invalid DiskInfo: Expecting 'host_path' to be unset for persistent volume%@"},
    {CREATE(DISK("1", FOR_R DISK_INFO(PERSISTENCE("a/b") "," MOUNTED("RW", "v")))),
     "Invalid resources: Invalid DiskInfo: Invalid persistence ID for persistent volume: 'a/b' contains "
     "invalid characters%@"},
    {CREATE(DISK("1", FOR_R DISK_INFO(PERSISTENCE("v") "," MOUNTED("RO", "v")))),
     "Not a persistent volume: Read-only persistent volume not supported%@"},
    {CREATE(VOLUME("1") "," VOLUME("2")), "Persistence ID 'v' is not unique%@"},
    {CREATE(DISK("1", FOR_R VOLUME_INFO ",\"shared\":{}")),
     "Create volume operation for 'disk(allocated: r)" R_P
     "[v:v]<SHARED>:1' has been attempted by framework '%F' with no SHARED_RESOURCES capability%@"},
    {CREATE(DISK("1", FOR_R DISK_INFO("\"persistence\":{\"id\":\"v\"}," MOUNTED("RW", "v")))),
     "Create volume operation attempted by principal 'p', but there is a volume in the operation with no "
     "principal set in 'disk.persistence'%@"},
    {CREATE(DISK("1",
                 FOR_R DISK_INFO("\"persistence\":{\"id\":\"v\",\"principal\":\"q\"}," MOUNTED("RW", "v")))),
     "Create volume operation attempted by authenticated principal 'p', which does not match a volume in the "
     "operation with principal 'q' set in 'disk.persistence'%@"},
    {CREATE(DISK("1", FOR_R VOLUME_INFO ",\"allocation_info\":{}")),
     "Invalid volume resources: The resources are not allocated to a role%@"},
    {CREATE(VOLUME("1")), "%H does not contain disk(allocated: r)" R_P ":1"},
    {CREATE(DISK("1",
                 FOR_R DISK_INFO(SOURCE("PATH", ROOT("path")) "," PERSISTENCE("v") "," MOUNTED("RW", "v")))),
     "%H does not contain disk(allocated: r)" R_P "[PATH:/mnt]:1"},
    {CREATE(DISK(
         "1", FOR_R DISK_INFO(SOURCE("MOUNT", ROOT("mount")) "," PERSISTENCE("v") "," MOUNTED("RW", "v")))),
     "%H does not contain disk(allocated: r)" R_P "[MOUNT:/mnt]:1"},
    {CREATE(DISK("1", FOR_R DISK_INFO(SOURCE("RAW", ",\"id\":\"i\",\"profile\":\"f\"") "," PERSISTENCE(
                          "v") "," MOUNTED("RW", "v")))),
     "%H does not contain disk(allocated: r)" R_P "[RAW(,i,f)]:1"},
    {DESTROY(DISK("1", FOR_R) "," DISK("2", FOR_R)),
     "Not a persistent volume: Resource disk" R_P ":3 does not have DiskInfo%@"},
    {DESTROY(VOLUME("1")), "Persistent volumes not found%@"},
    {DESTROY(DISK("1", FOR_R VOLUME_INFO PROVIDER("x"))),
     "%H does not contain disk(allocated: r)" R_P "[v:v]:1"},
    /* the size of volumes, and disks of providers */
    {"GROW_VOLUME", GROW(VOLUME("1"), DISK("0", FOR_R)),
     "The size of 'GrowVolume.addition' field must be greater than zero%@"},
    {"GROW_VOLUME", GROW(VOLUME("-1"), DISK("1", FOR_R)),
     "Operation attempted with invalid resources: Invalid scalar resource: value <= 0"},
    {"GROW_VOLUME", GROW(VOLUME("1"), RESOURCE("", SCALAR("1"), FOR_R)),
     "Operation attempted with invalid resources: Empty resource name"},
    {"SHRINK_VOLUME", SHRINK(RESOURCE("x", SCALAR("1"), VOLUME_INFO), "1"),
     "Operation attempted with invalid resources: DiskInfo should not be set for x resource"},
    {"CREATE_DISK", CREATE_DISK(RESOURCE("disk", "\"type\":\"SCALAR\"", ""), "\"MOUNT\""),
     "Operation attempted with invalid resources: Invalid scalar resource"},
    {"DESTROY_DISK", DESTROY_DISK(RESOURCE("disk", "\"type\":\"TEXT\"", "")),
     "Operation attempted with invalid resources: Unsupported resource type"},
    {"GROW_VOLUME", GROW(DISK("1", FOR_R VOLUME_INFO PROVIDER("x")), DISK("1", FOR_R)),
     "Growing a volume from a resource provider is not supported%@"},
    {"GROW_VOLUME", GROW(DISK("1", FOR_R), DISK("1", FOR_R)),
     "Invalid persistent volume in the 'GrowVolume.volume' field: Resource disk(allocated: r)" R_P
     ":1 does not have DiskInfo%@"},
    {"GROW_VOLUME", GROW(DISK("1", FOR_R VOLUME_INFO ",\"shared\":{}"), DISK("1", FOR_R)),
     "Growing a shared persistent volume is not supported%@"},
    {"GROW_VOLUME", GROW(VOLUME("1"), DISK("1", "")),
     "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields%@"},
    {"GROW_VOLUME", GROW(VOLUME("1"), DISK("1", FOR_R)),
     "Invalid GROW_VOLUME operation: %H does not contain disk(allocated: r)" R_P
     "[v:v]:1; disk(allocated: r)" R_P ":1"},
    {"SHRINK_VOLUME", SHRINK(VOLUME("1"), "0"),
     "Value of 'ShrinkVolume.subtract' must be greater than zero%@"},
    {"SHRINK_VOLUME", SHRINK(VOLUME("1"), "1"),
     "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'%@"},
    {"SHRINK_VOLUME", SHRINK(DISK("2", FOR_R VOLUME_INFO PROVIDER("x")), "1"),
     "Shrinking a volume from a resource provider is not supported%@"},
    {"SHRINK_VOLUME",
     SHRINK(DISK("2", FOR_R DISK_INFO(SOURCE("MOUNT", "") "," PERSISTENCE("v") "," MOUNTED("RW", "v"))), "1"),
     "Shrinking a volume on a MOUNT disk is not supported%@"},
    {"SHRINK_VOLUME", SHRINK(DISK("2", FOR_R), "1"),
     "Invalid persistent volume in the 'ShrinkVolume.volume' field: Resource disk(allocated: r)" R_P
     ":2 does not have DiskInfo%@"},
    {"SHRINK_VOLUME", SHRINK(DISK("2", FOR_R VOLUME_INFO ",\"shared\":{}"), "1"),
     "Shrinking a shared persistent volume is not supported%@"},
    {"SHRINK_VOLUME", SHRINK(VOLUME("2"), "1"),
     "Invalid SHRINK_VOLUME operation: %H does not contain disk(allocated: r)" R_P "[v:v]:2"},
    {"CREATE_DISK", CREATE_DISK(DISK("1", ""), "\"MOUNT\""),
     "'source' is not managed by a resource provider%@"},
    {"CREATE_DISK", CREATE_DISK(DISK("1", DISK_INFO("") PROVIDER("x")), "\"MOUNT\""),
     "Invalid resource: Invalid DiskInfo: DiskInfo is set but empty%@"},
    {"CREATE_DISK", CREATE_DISK(DISK("1", PROVIDER("x")), "\"MOUNT\""),
     "'source' is not a RAW disk resource%@"},
    {"CREATE_DISK", CREATE_DISK(RAW(""), "\"PATH\""), "'target_type' is neither MOUNT or BLOCK%@"},
    {"CREATE_DISK", CREATE_DISK(RAW(""), "\"MOUNT\""),
     "'target_profile' must be set when 'source' has no profile%@"},
    {"CREATE_DISK", CREATE_DISK(RAW(",\"profile\":\"f\""), "\"BLOCK\",\"target_profile\":\"g\""),
     "'target_profile' must not be set when 'source' has a profile%@"},
    {"CREATE_DISK", CREATE_DISK(RAW(",\"profile\":\"f\""), "\"BLOCK\""),
     "Invalid CREATE_DISK Operation: %H does not contain disk(allocated: r)[RAW(,,f)]:1"},
    {"DESTROY_DISK", DESTROY_DISK(DISK("1", "")), "'source' is not managed by a resource provider%@"},
    {"DESTROY_DISK", DESTROY_DISK(DISK("1", PROVIDER("x"))),
     "'source' is neither a MOUNT, BLOCK or RAW disk resource%@"},
    {"DESTROY_DISK", DESTROY_DISK(RAW("")), "'source' is not backed by a CSI volume%@"},
    {"DESTROY_DISK",
     DESTROY_DISK(DISK("1", FOR_R DISK_INFO(SOURCE("MOUNT", ",\"id\":\"i\"") "," PERSISTENCE("v") "," MOUNTED(
                                "RW", "v")) PROVIDER("x"))),
     "A disk resource containing a persistent volume disk(allocated: r)" R_P
     "[MOUNT(,i,),v:v]:1 cannot be destroyed directly. Please destroy the persistent volume first then "
     "destroy the disk resource%@"},
    {"DESTROY_DISK", DESTROY_DISK(DISK("0", DISK_INFO(SOURCE("RAW", ",\"id\":\"i\"")) PROVIDER("x"))),
     "Invalid DESTROY_DISK Operation: %H does not contain disk(allocated: r)[RAW(,i,)]:0"},
    {"DESTROY_DISK", DESTROY_DISK(RAW(",\"id\":\"i\"")),
     "Invalid DESTROY_DISK Operation: %H does not contain disk(allocated: r)[RAW(,i,)]:1"},
};

#endif
