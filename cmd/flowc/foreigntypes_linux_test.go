package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Events of several types from one component: Go of the pipeline gets each of them by its
// declared type, components get them as they came, and one of a type that is not declared is a
// dead letter.
func TestForeignTypes(t *testing.T) {
	t.Parallel()
	dir, binary := foreignPipeline(t, `
apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: p}
spec:
  types:
    test.number.v1: {n: int}
    test.word.v1: {word: string}
  sources:
    - id: src
      command: [./standin, source, -count, "6", -mixed]
      output_event_types: [test.number.v1, test.word.v1]
  processors:
    - {id: big, inputs: [src], input_event_types: [test.number.v1], filter: in.N > 1}
    - {id: loud, inputs: [src], input_event_types: [test.word.v1], set: {word: strings.ToUpper(in.Word)}}
    - id: done
      inputs: [big]
      command: [./standin, processor, -mixed]
      output_event_types: [test.done.v1]
      on_error: {then: dead}
  sinks:
    - {id: numbers, inputs: [done], use: file, config: {path: numbers, format: bytes}}
    - {id: words, inputs: [loud], input_event_types: [test.word.v1], command: [./standin, consumer, -out, words]}
    - {id: raw, inputs: [src], input_event_types: [test.number.v1], command: [./standin, consumer, -out, raw]}
    - {id: dead, use: file, config: {path: dead}}
`)
	_, stderr, err := runIn(dir, binary)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	for name, want := range map[string]string{
		"numbers": `{"n":2, "text":"n 2"}`,
		"words": `e1|test.word.v1|{"word": "W1"}|standin|standin-source|application/json|1.1|22:13:21
e3|test.word.v1|{"word": "W3"}|standin|standin-source|application/json|2.0|22:13:23
e5|test.word.v1|{"word": "W5"}|standin|standin-source|application/json|2.2|22:13:25
`,
		"raw": `e0|test.number.v1|{"n":0, "text":"n 0"}|standin|standin-source|application/json|1.0|22:13:20
e2|test.number.v1|{"n":2, "text":"n 2"}|standin|standin-source|application/json|1.2|22:13:22
e4|test.number.v1|{"n":4, "text":"n 4"}|standin|standin-source|application/json|2.1|22:13:24
`,
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nand not\n%s\n%s", name, err, got, want, stderr)
		}
	}
	if dead := linesOf(t, filepath.Join(dir, "dead")); len(dead) != 1 {
		t.Errorf("dead letters %q\n%s", dead, stderr)
	}
}
