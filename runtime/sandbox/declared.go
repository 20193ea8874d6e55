package sandbox

// A Declared service is one of a file of services, as it stands there.
type Declared struct {
	Name string
	// Image, Command, Entrypoint and Health (the command of its check) are those of its container, Env NAME=VALUE,
	// Volumes HOST:CONTAINER with :ro behind, After the services that it needs.
	Image      string
	Command    []string
	Entrypoint string
	Health     []string
	Env        []string
	Volumes    []string
	After      []string
	Ports      []DeclaredPort
	// At is where it stands, FILE:LINE:COLUMN.
	At string
}

// A DeclaredPort is a port of a container that the machine has; Host is 0 for any.
type DeclaredPort struct{ Host, Container int }

// Variable is the value of one of its variables, "" for none.
func (d *Declared) Variable(name string) string {
	for _, e := range d.Env {
		if len(e) > len(name) && e[:len(name)] == name && e[len(name)] == '=' {
			return e[len(name)+1:]
		}
	}
	return ""
}
