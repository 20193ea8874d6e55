package http

import (
	"fmt"
	"net/http"
	"strings"
)

// checkHeader refuses a header that package net/http would not send: it says so
// when the request is made, in the way in which it says that a server is gone.
func checkHeader(name, value string) error {
	if strings.Trim(name, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" || name == "" {
		return fmt.Errorf("%q is no name of a header", name)
	}
	if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		return fmt.Errorf("the value %q of the header %s has a control character in it", value, name)
	}
	return nil
}

// set sets a header that a record gives.
func set(h http.Header, name, value string) error {
	if value == "" {
		return nil
	}
	if err := checkHeader(name, value); err != nil {
		return &recordError{err: err, code: "header"}
	}
	h.Set(name, value)
	return nil
}
