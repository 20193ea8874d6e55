package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// confirm asks on the terminal whether to go on. Where nobody can be asked it is an
// error of usage: --yes says that there is nothing to ask.
func (a *app) confirm(what string, yes bool) error {
	if yes {
		return nil
	}
	ask := usage(errors.New("nothing is done without being asked for: --yes where there is no terminal to ask on, --dry-run to see the plan alone"))
	in, ok := a.stdin.(*os.File)
	if !ok || !isTerminal(in) || a.format == "json" {
		return ask
	}
	fmt.Fprintf(a.stderr, "%s this? [y/N] ", what)
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil { // nobody is there
		fmt.Fprintln(a.stderr)
		return ask
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return usage(errors.New("nothing was done"))
}

// progress tells people what is being done.
func (a *app) progress(text string) {
	if a.format == "text" {
		fmt.Fprintln(a.stderr, text)
	}
}

// answerNot is answer for a result that ends the command with an exit code.
func (a *app) answerNot(summary string, result any, text func(io.Writer)) error {
	if a.format != "json" {
		text(a.stdout)
		return nil
	}
	if err := a.envelope(envelope{Summary: summary, Result: result}); err != nil {
		return environment(err)
	}
	return nil
}
