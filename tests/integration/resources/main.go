// SPDX-License-Identifier: Apache-2.0

// Compares what the library made of resources, one case a line on standard input, with mesos-go.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/resources"
)

type list struct {
	Resources []mesos.Resource `json:"resources"`
}

type testCase struct {
	Kind                         string
	A, B, Sum, Difference, Found *list
	Contains, Find               bool
}

// What mesos-go is known to see otherwise, by kind, and why Mesos' own rules (src/v1/resources.cpp) do not.
// A difference that is not here fails the test; so does a line that is not true any more.
var known = map[string]string{
	"16": "it does not compare the labels of reservations",
	"17": "it knows no refined reservations, and takes them for unreserved",
	"18": "it does not compare allocations",
	"19": "it does not compare resource providers",
	"20": "it adds and divides MOUNT disks, which are exclusive",
	"21": "it does not know BLOCK disks",
	"22": "it does not know RAW disks",
	"23": "it does not know RAW disks",
	"24": "it does not know RAW disks",
	"25": "it does not count shared volumes",
}

func sum(of []mesos.Resource) mesos.Resources {
	var all mesos.Resources
	return all.Plus(of...)
}

// differs says in which way mesos-go sees a case otherwise; "" if it does not.
func differs(c *testCase) string {
	a, b := sum(c.A.Resources), sum(c.B.Resources)
	contains := resources.ContainsAll(a, b)
	switch {
	case contains != c.Contains:
		return "contains"
	case !resources.Equivalent(a.Plus(b...), c.Sum.Resources):
		return "sum"
	case contains && !resources.Equivalent(a.Minus(b...), c.Difference.Resources):
		return "difference"
	case c.Find:
		return finds(c, a, b)
	}
	return ""
}

// finds: what one finds is in the total, and as much as the other's. mesos-go gives up where ranges or sets lie
// in parts of several resources; the library goes on.
func finds(c *testCase, a, b mesos.Resources) string {
	if len(b) == 0 {
		return ""
	}
	found := resources.Find(b, a...)
	switch {
	case c.Found == nil && found == nil:
		return ""
	case c.Found == nil:
		return "found by mesos-go only"
	case !resources.ContainsAll(a, c.Found.Resources):
		return "found what is not there"
	case found != nil && !resources.Equivalent(found, c.Found.Resources):
		return "found"
	case !resources.Equivalent(resources.Flatten(c.Found.Resources), resources.Flatten(b)):
		return "found another amount"
	}
	return ""
}

func main() {
	counts, seen, failed := map[string]int{}, map[string]bool{}, false
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c testCase
		err := json.Unmarshal(lines.Bytes(), &c)
		why := "it can't read it"
		if err == nil {
			why = differs(&c)
		}
		counts[c.Kind]++
		if why == "" {
			continue
		}
		seen[c.Kind] = true
		if _, fine := known[c.Kind]; !fine {
			if !failed {
				fmt.Printf("%s: %v\n%s\n", why, err, lines.Text())
			}
			failed = true
		}
	}
	for kind, reason := range known {
		if !seen[kind] {
			fmt.Printf("kind %s: no difference any more: %s\n", kind, reason)
			failed = true
		}
	}
	fmt.Printf("%d kinds, %d plain cases\n", len(counts), counts["plain"])
	if failed || counts["plain"] == 0 {
		os.Exit(1)
	}
}
