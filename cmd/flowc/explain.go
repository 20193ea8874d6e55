package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/compiler/analyze"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

type explainCmd struct {
	pipelineArg `embed:""`
}

// codeForm is how diagnostics' codes look; files have a dot or a slash, or
// exist.
var codeForm = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// Run explains a pipeline, or the code of a diagnostic.
func (c *explainCmd) Run(a *app) error {
	if codeForm.MatchString(c.File) {
		return explainCode(a, c.File)
	}
	r, err := c.compile(a)
	if err != nil {
		return err
	}
	if err := a.report(targetsOf(r.Program)); err != nil {
		return err
	}
	e := analyze.Explain(r.Program, r.Overrides)
	e.InProcesses(r.Program, r.Program.Pieces)
	e.Targets = targetReasons(r.Program)
	var text strings.Builder
	if err := e.Text(&text); err != nil {
		return bug(err)
	}
	return a.answer("explained "+r.Program.Name, e, func(w io.Writer) { fmt.Fprint(w, text.String()) })
}

// targetReasons is what the targets that a pipeline has options for make of it.
func targetReasons(p *ir.Program) []analyze.Target {
	var all []analyze.Target
	for _, b := range targets {
		x, explains := b.(backends.Explainer)
		if !explains || !meansTarget(p, b.Name()) {
			continue
		}
		options := backends.Options(p.Targets[b.Name()])
		one := analyze.Target{Name: b.Name()}
		for _, r := range x.Explain(p, options) {
			one.Reasons = append(one.Reasons, analyze.Reason{Subject: r.Subject, Says: r.Says})
		}
		all = append(all, one)
	}
	return all
}

// explainCode prints the page of a code.
func explainCode(a *app, code string) error {
	info, ok := diag.Lookup(diag.Code(code))
	if !ok {
		var codes []string
		for _, i := range diag.Codes() {
			codes = append(codes, string(i.Code))
		}
		hint := ""
		if near := diag.Nearest(code, codes); near != "" {
			hint = fmt.Sprintf("; did you mean %s?", near)
		}
		return usage(fmt.Errorf("no diagnostic has the code %q%s (a pipeline's file has an extension or a slash)", code, hint))
	}
	return a.answer(info.Title, info, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s\n\n%s\n", info.Code, info.Title, strings.TrimSpace(info.Text))
		if info.Bad != "" {
			fmt.Fprintf(w, "\nFor example:\n\n%s\n", indent(info.Bad))
		}
		if info.Good != "" {
			fmt.Fprintf(w, "\nMended:\n\n%s\n", indent(info.Good))
		}
	})
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}
