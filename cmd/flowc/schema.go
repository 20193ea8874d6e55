package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/flowc-dev/flowc/compiler/schema"
)

type schemaCmd struct {
	Dialect string `enum:"flowc,flowctl/v1" default:"flowc" help:"The spelling: flowc, or flowctl/v1."`
}

// Run prints the JSON Schema of a spelling, with the options of all targets.
func (c schemaCmd) Run(a *app) error {
	text, what := schema.JSONSchema(targetSchemas()), "the language"
	if c.Dialect != "flowc" {
		text, what = schema.FlowctlSchema(targetSchemas()), c.Dialect
	}
	return a.answer("the JSON Schema of "+what, json.RawMessage(text), func(w io.Writer) { fmt.Fprintln(w, string(text)) })
}
