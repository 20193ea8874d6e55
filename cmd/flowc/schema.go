package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/flowc-dev/flowc/compiler/schema"
)

type schemaCmd struct{}

// Run prints the JSON Schema of the language, with the options of all targets.
func (schemaCmd) Run(a *app) error {
	text := schema.JSONSchema(targetSchemas())
	return a.answer("the JSON Schema of the language", json.RawMessage(text), func(w io.Writer) { fmt.Fprintln(w, string(text)) })
}
