package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A Literal is an option that may be written as a text, a number or a truth value: a
// variable of the environment has it as it is written.
type Literal string

// UnmarshalJSON refuses lists and mappings.
func (t *Literal) UnmarshalJSON(b []byte) error {
	switch {
	case bytes.HasPrefix(b, []byte(`"`)):
		return json.Unmarshal(b, (*string)(t))
	case bytes.ContainsAny(b[:1], "{[n"):
		return fmt.Errorf("%s is no text", b)
	}
	*t = Literal(b)
	return nil
}

// An Env is an option that gives values of variables.
type Env map[string]string

// UnmarshalJSON reads values as Literal does.
func (e *Env) UnmarshalJSON(b []byte) error {
	var texts map[string]Literal
	if err := json.Unmarshal(b, &texts); err != nil {
		return err
	}
	*e = make(Env, len(texts))
	for name, value := range texts {
		(*e)[name] = string(value)
	}
	return nil
}
