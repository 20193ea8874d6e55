package program

import "fmt"

// check is `check`: settings, variables and files of secrets have been read, and the
// program is made, which connects to nothing and writes nothing. So a deployment finds
// out beside a running copy whether a new one would start.
func (p *process) check() int {
	if _, err := p.spec.New(); err != nil {
		return p.fail(&environmentError{err})
	}
	fmt.Fprintf(p.stdout, "%s %s could start\n", p.spec.Name, p.spec.Hash)
	return exitOK
}
