// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	jsonserializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
)

// What the API server makes of an object that is to be created.
type objectAnswer struct {
	// The decoder's error: there is no object.
	Error string `json:"error,omitempty"`
	// What a strict decoder would refuse it for: unknown and duplicate fields.
	Strict []string `json:"strict,omitempty"`
	// As it was decoded, without defaults.
	Plain *forms `json:"plain,omitempty"`
	// The same with defaults.
	Defaulted *forms `json:"defaulted,omitempty"`
	// Of a kind that has pods: what is wrong with it.
	Findings []finding `json:"findings"`
	// As it would be stored, findings or not: what a create changes is changed. JSON.
	Stored string `json:"stored,omitempty"`
}

// An object in the three formats. JSON and YAML are text, and []byte is written as base64.
type forms struct {
	JSON     string `json:"json"`
	YAML     string `json:"yaml"`
	Protobuf []byte `json:"protobuf"`
}

var (
	scheme    = legacyscheme.Scheme
	toJSON    = serializer(jsonserializer.SerializerOptions{})
	toYAML    = serializer(jsonserializer.SerializerOptions{Yaml: true})
	toProto   = protobuf.NewSerializer(scheme, scheme)
	readJSON  = serializer(jsonserializer.SerializerOptions{Strict: true})
	readYAML  = serializer(jsonserializer.SerializerOptions{Strict: true, Yaml: true})
	protoMark = []byte("k8s\x00")
)

func serializer(options jsonserializer.SerializerOptions) runtime.Serializer {
	return jsonserializer.NewSerializerWithOptions(jsonserializer.DefaultMetaFactory, scheme, scheme, options)
}

// An object of any kind: protobuf where it begins with its mark, JSON where it is that, else YAML. Answers an
// objectAnswer.
func answerObject(document []byte) any {
	decoder := readYAML
	switch {
	case json.Valid(document):
		decoder = readJSON
	case bytes.HasPrefix(document, protoMark):
		decoder = toProto
	}
	object, kind, err := decode(decoder, document)
	answer := objectAnswer{}
	if strict, ok := runtime.AsStrictDecodingError(err); ok {
		for _, e := range strict.Errors() {
			answer.Strict = append(answer.Strict, e.Error())
		}
	} else if err != nil {
		answer.Error = err.Error()
		return answer
	}
	if answer.Plain, err = encode(object); err != nil {
		answer.Error = err.Error()
		return answer
	}
	scheme.Default(object)
	if answer.Defaulted, err = encode(object); err != nil {
		answer.Error = err.Error()
		return answer
	}
	internal, err := scheme.ConvertToVersion(object, schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal})
	if err != nil {
		answer.Error = err.Error()
		return answer
	}
	if created, wrong, known := create(internal, kind); known {
		answer.Findings = wrong
		if object, err = scheme.ConvertToVersion(created, kind.GroupVersion()); err == nil {
			stored, _ := encode(object)
			answer.Stored = stored.JSON
		}
	}
	return answer
}

// A value may panic in Kubernetes' own code; that is an answer, too.
func decode(decoder runtime.Decoder, document []byte) (object runtime.Object, kind *schema.GroupVersionKind, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("panic while decoding")
		}
	}()
	return decoder.Decode(document, nil, nil)
}

func encode(object runtime.Object) (*forms, error) {
	var text, yaml strings.Builder
	var proto bytes.Buffer
	if err := toJSON.Encode(object, &text); err != nil {
		return nil, err
	}
	if err := toYAML.Encode(object, &yaml); err != nil {
		return nil, err
	}
	if err := toProto.Encode(object, &proto); err != nil {
		return nil, err
	}
	return &forms{JSON: strings.TrimSuffix(text.String(), "\n"), YAML: yaml.String(), Protobuf: proto.Bytes()}, nil
}
