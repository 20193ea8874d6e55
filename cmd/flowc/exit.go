package main

import "fmt"

// The exit codes of every command.
const (
	exitOK       = 0
	exitBug      = 1 // a bug of flowc's
	exitUsage    = 2
	exitInvalid  = 3 // the pipeline is
	exitTest     = 4 // a test failed
	exitBuild    = 5 // the toolchain is missing, or a build failed
	exitEnv      = 6 // a file, a variable, a port, a connection
	exitDied     = 7 // the pipeline died at run time
	exitDrift    = 8 // --check, diff
	bugIntroText = "this is a bug in flowc; please report it with the pipeline that shows it"
)

// An exitError is an error with the exit code that it asks for.
type exitError struct {
	code int
	err  error
	// quiet errors have been told already.
	quiet bool
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error       { return &exitError{code: exitUsage, err: err} }
func environment(err error) error { return &exitError{code: exitEnv, err: err} }
func buildFailed(err error) error { return &exitError{code: exitBuild, err: err} }
func bug(err error) error {
	return &exitError{code: exitBug, err: fmt.Errorf("%w\n%s", err, bugIntroText)}
}

// exit ends a command with a code and nothing more to say.
func exit(code int) error {
	if code == exitOK {
		return nil
	}
	return &exitError{code: code, err: fmt.Errorf("exit %d", code), quiet: true}
}
