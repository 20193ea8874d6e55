package program

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// defaultSample is how many records a sample has.
const defaultSample = 1000

// A learned is what `infer --format json` begins with: the columns of a source, or
// that lines with records follow.
type learned struct {
	Source  string        `json:"source"`
	Columns []flow.Column `json:"columns,omitempty"`
	// Records tells that records follow, a line each.
	Records bool `json:"records,omitempty"`
}

// infer shows what the records of a source are, as far as its system says it: the
// columns of a table, or a sample of messages. It reads nothing for good.
func (p *process) infer(ctx context.Context, o *options) int {
	program, err := p.spec.New()
	if err != nil {
		return p.fail(&environmentError{err})
	}
	if err := p.learn(ctx, program, o); err != nil {
		return p.fail(err)
	}
	return exitOK
}

func (p *process) learn(ctx context.Context, program *flow.Program, o *options) (err error) {
	name := o.node
	if names := program.SourceNames(); name == "" && len(names) == 1 {
		name = names[0]
	} else if !contains(names, name) {
		return unknown("source", name, names)
	}
	out := bufio.NewWriter(p.stdout)
	defer func() { err = errors.Join(err, out.Flush()) }()
	begun, bad := false, 0
	columns, err := program.Learn(ctx, name, o.limit, func(record []byte) error {
		if !json.Valid(record) {
			bad++
			return nil
		}
		var line bytes.Buffer
		if err := json.Compact(&line, record); err != nil {
			return err
		}
		if !begun && o.format == "json" {
			if err := p.header(out, learned{Source: name, Records: true}); err != nil {
				return err
			}
		}
		begun = true
		line.WriteByte('\n')
		_, err := out.Write(line.Bytes())
		return err
	})
	switch {
	case errors.Is(err, flow.ErrNothingToLearn):
		return &environmentError{fmt.Errorf("the source `%s` has no way to tell what its records are: take some of them into a file, and `flowc infer FILE`", name)}
	case err != nil:
		return &environmentError{err}
	case columns != nil && o.format == "json":
		return p.header(out, learned{Source: name, Columns: columns})
	case columns != nil:
		for _, c := range columns {
			if _, err := fmt.Fprintln(out, columnLine(c)); err != nil {
				return err
			}
		}
		return nil
	}
	if bad > 0 {
		fmt.Fprintf(p.stderr, "%s: warning: %s no JSON, and left out\n", p.spec.Name, countOf(bad))
	}
	if !begun {
		return &environmentError{fmt.Errorf("the messages of `%s` are no JSON: read them as `format: text` or `bytes`, with `out:` the same word", name)}
	}
	return nil
}

func (p *process) header(out *bufio.Writer, l learned) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(l)
}

// columnLine is a column as a type has it.
func columnLine(c flow.Column) string {
	line := c.Name
	if c.Optional {
		line += "?"
	}
	if line += ": " + typeText(c); len(c.Values) > 0 {
		line += " of " + strings.Join(c.Values, ", ")
	}
	if c.Note != "" {
		line += "  # " + c.Note
	}
	return strings.ReplaceAll(line, "\n", " ")
}

// typeText is the type of a column on one line.
func typeText(c flow.Column) string {
	switch {
	case c.Type == "list" && len(c.Parts) == 1:
		return "[" + typeText(c.Parts[0]) + "]"
	case c.Type == "map" && len(c.Parts) == 1:
		return "map of " + typeText(c.Parts[0])
	case c.Type == "struct":
		fields := make([]string, len(c.Parts))
		for i, p := range c.Parts {
			fields[i] = columnLine(p)
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	return c.Type
}

func countOf(n int) string {
	if n == 1 {
		return "1 message of the sample is"
	}
	return count(int64(n)) + " messages of the sample are"
}
