// SPDX-License-Identifier: Apache-2.0

// Answers what Kubernetes' own code makes of a document: the other side of the differential test.
//
// Requests come on standard input, one after another: a line "OP LENGTH", then LENGTH bytes, then a newline.
// Each is answered by one line of JSON on standard output, in the order of the requests. What each OP
// answers stands at its function. Bytes that need not be text are in base64.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/capabilities"
)

// An answer is anything that encoding/json writes.
type operation func(document []byte) any

var operations = map[string]operation{
	"object":   answerObject,
	"rollout":  answerRollout,
	"schedule": answerSchedule,
	"schema":   answerSchema,
	"yaml":     answerYAML,
	"quantity": answerQuantity,
	"compare":  answerCompare,
	"scalar":   answerScalar,
	"sums":     answerSums,
}

func main() {
	// It logs what its two ways of validation disagree on; the answer is the same.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	// As kube-apiserver --allow-privileged, which every cluster's is.
	capabilities.Initialize(capabilities.Capabilities{AllowPrivileged: true})
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	for {
		op, document, err := readRequest(in)
		if err == io.EOF {
			break
		}
		if err != nil {
			fail(err)
		}
		if err := answers.Encode(op(document)); err != nil {
			fail(err)
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				fail(err)
			}
		}
	}
	if err := out.Flush(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "oracle:", err)
	os.Exit(1)
}

func readRequest(in *bufio.Reader) (operation, []byte, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		if err == io.EOF && line != "" {
			err = io.ErrUnexpectedEOF
		}
		return nil, nil, err
	}
	name, length, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	op := operations[name]
	n, err := strconv.Atoi(length)
	if op == nil || err != nil || n < 0 {
		return nil, nil, fmt.Errorf("no request: %q", line)
	}
	document := make([]byte, n+1)
	if _, err := io.ReadFull(in, document); err != nil {
		return nil, nil, err
	}
	return op, document[:n], nil
}
