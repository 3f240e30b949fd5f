// SPDX-License-Identifier: Apache-2.0

package k8smesos

/*
#include <k8smesos/k8smesos.h>
#include <stdlib.h>

enum { SINK_ROWS = 64, SINK_TEXT = 16384 };

struct sink {
  struct k8sm_diags diags;
  struct k8sm_diag rows[SINK_ROWS];
  char text[SINK_TEXT];
};

static struct sink *sink_new(void) {
  struct sink *sink = calloc(1, sizeof *sink);
  if (sink == NULL) abort();
  struct k8sm_diags start = K8SM_DIAGS_INIT(sink->rows, sink->text);
  sink->diags = start;
  return sink;
}

static const char *sink_text(const struct sink *sink, uint32_t offset) { return sink->text + offset; }
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// Result is the kind of an error, for control flow. Use errors.Is: errors.Is(err, ErrInvalid).
type Result int

const (
	ErrNoMemory    Result = C.K8SM_ERR_NOMEM       // an allocation failed; nothing changed
	ErrSyntax      Result = C.K8SM_ERR_SYNTAX      // bytes that are not what they should be
	ErrInvalid     Result = C.K8SM_ERR_INVALID     // well-formed, and wrong: a finding names the field
	ErrUnsupported Result = C.K8SM_ERR_UNSUPPORTED // right, and not possible here
	ErrLimit       Result = C.K8SM_ERR_LIMIT       // beyond a limit of the options
	ErrState       Result = C.K8SM_ERR_STATE       // not now: the object has moved on
	ErrABI         Result = C.K8SM_ERR_ABI         // package and library do not fit
	ErrNotFound    Result = C.K8SM_ERR_NOT_FOUND   // no such thing
)

func (r Result) Error() string { return C.GoString(C.k8sm_result_name(C.int(r))) }

// Severity of a finding.
type Severity uint32

const (
	SeverityNote    Severity = C.K8SM_SEVERITY_NOTE
	SeverityWarning Severity = C.K8SM_SEVERITY_WARNING
	SeverityError   Severity = C.K8SM_SEVERITY_ERROR
)

// Finding tells what is wrong, where, and what was expected.
type Finding struct {
	Code     uint32
	Name     string // of the code: "FIELD_REQUIRED"
	Severity Severity
	Path     string // "spec.containers[0].image"; empty when no field is meant
	Message  string
	Document int // in a stream of several, from 0
	Line     int // from 1; 0: not known
	Column   int
}

func (f Finding) String() string {
	var place string
	if f.Line > 0 {
		place = fmt.Sprintf("line %d: ", f.Line)
	}
	if f.Path != "" {
		place += f.Path + ": "
	}
	return place + f.Message
}

// Error is what every failing call returns: its result, and everything that was found.
type Error struct {
	Function string
	Result   Result
	Findings []Finding
}

func (e *Error) Error() string {
	var lines []string
	for _, finding := range e.Findings {
		if finding.Severity == SeverityError {
			lines = append(lines, finding.String())
		}
	}
	if len(lines) == 0 {
		return e.Function + ": " + e.Result.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap gives the Result.
func (e *Error) Unwrap() error { return e.Result }

// Findings of an error, or none.
func Findings(err error) []Finding {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Findings
	}
	return nil
}

// sink is where a call writes its findings, in C's memory.
type sink struct {
	c *C.struct_sink
}

func newSink() sink { return sink{C.sink_new()} }

func (s sink) diags() *C.struct_k8sm_diags { return &s.c.diags }

// done frees the sink: the findings of a call, and its error. A finding that has a path but no line gets
// it from the source, where there is one.
func (s sink) done(function string, result C.int, source []byte) ([]Finding, error) {
	defer C.free(unsafe.Pointer(s.c))
	count := int(s.c.diags.count)
	if count > C.SINK_ROWS {
		count = C.SINK_ROWS
	}
	if len(source) > 0 {
		C.k8sm_diags_locate(s.diags(), input(source), C.size_t(len(source)), nil) // without memory: no lines
	}
	var findings []Finding
	for i := 0; i < count; i++ {
		findings = append(findings, s.finding(&s.c.rows[i]))
	}
	return findings, failure(function, result, findings)
}

func (s sink) finding(row *C.struct_k8sm_diag) Finding {
	return Finding{
		Code:     uint32(row.code),
		Name:     C.GoString(C.k8sm_diag_name(row.code)),
		Severity: Severity(row.severity),
		Path:     C.GoString(C.sink_text(s.c, row.path)),
		Message:  C.GoString(C.sink_text(s.c, row.message)),
		Document: int(row.document),
		Line:     int(row.line),
		Column:   int(row.column),
	}
}

func failure(function string, result C.int, findings []Finding) error {
	if result >= 0 {
		return nil
	}
	return &Error{Function: function, Result: Result(result), Findings: findings}
}

// handle is an object of the library.
type handle interface {
	alive() bool // neither nil nor closed
}

func handles[Object handle](objects []Object) []handle {
	list := make([]handle, len(objects))
	for i, object := range objects {
		list[i] = object
	}
	return list
}

// present is an error if one of the objects that a function is called with is nil, or closed.
func present(function string, objects ...handle) error {
	for _, object := range objects {
		if !object.alive() {
			return missing(function, fmt.Sprintf("found a %T that is nil or closed; expected one that is there", object))
		}
	}
	return nil
}

func missing(function, message string) error {
	finding := Finding{Code: C.K8SM_DIAG_OPTION_INVALID, Severity: SeverityError, Message: message}
	finding.Name = C.GoString(C.k8sm_diag_name(C.uint32_t(finding.Code)))
	return &Error{Function: function, Result: ErrInvalid, Findings: []Finding{finding}}
}
