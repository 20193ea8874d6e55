package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir/diag"
)

// TestErrorsPage keeps docs/errors.md what `flowc explain CODE` says; with
// FLOWC_UPDATE=1 it is written.
func TestErrorsPage(t *testing.T) {
	path := filepath.Join(root, "docs", "errors.md")
	want := errorsPage()
	if os.Getenv("FLOWC_UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not current: FLOWC_UPDATE=1 go test ./cmd/flowc", path)
	}
}

func errorsPage() string {
	var b strings.Builder
	b.WriteString(`# Diagnostics

<!-- Written by cmd/flowc's tests from ir/diag: FLOWC_UPDATE=1 go test ./cmd/flowc -->

Every message of the compiler ends with a code in brackets. A code keeps its meaning for ever: search for it, link to it, or ask ` + "`flowc explain CODE`" + `.
The first line of a message is ` + "`file:line:column: severity: message [code]`" + `, which editors and terminals can follow; columns count bytes from 1.
` + "`--format json|sarif|github`" + ` gives the same to machines, with the fixes as edits.

| code | what is wrong |
|---|---|
`)
	for _, info := range diag.Codes() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", info.Code, info.Code, strings.ReplaceAll(info.Title, "|", "\\|"))
	}
	for _, info := range diag.Codes() {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n%s\n", info.Code, capital(info.Title), strings.TrimSpace(info.Text))
		if info.Bad != "" {
			fmt.Fprintf(&b, "\nFor example:\n\n```yaml\n%s\n```\n", strings.TrimRight(info.Bad, "\n"))
		}
		if info.Good != "" {
			fmt.Fprintf(&b, "\nMended:\n\n```yaml\n%s\n```\n", strings.TrimRight(info.Good, "\n"))
		}
	}
	return b.String()
}

func capital(s string) string { return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") }
