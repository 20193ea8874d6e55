package ir

import "github.com/flowc-dev/flowc/ir/source"

// A Protocol is how a foreign component and the program talk.
type Protocol string

// The protocols.
const (
	// GRPC is flowctl.v1, or flowc.v1: the component serves it, the program is its client.
	GRPC Protocol = "grpc"
	// Lines is one line an event on standard input and output.
	Lines Protocol = "lines"
	// NDJSON is Lines whose lines are JSON.
	NDJSON Protocol = "ndjson"
)

// A Restart is what becomes of a component whose process has ended.
type Restart string

// The policies. A source that has read all there is and ended well is never started
// again.
const (
	RestartNo            Restart = "no"
	RestartAlways        Restart = "always"
	RestartOnFailure     Restart = "on-failure"
	RestartUnlessStopped Restart = "unless-stopped"
)

// A Foreign is a component that is not Go of the program's: a process of its own, a
// container, or a server that runs already. One of Command, Image and Endpoint says
// which; Command beside Image replaces the entrypoint of the container.
type Foreign struct {
	// Brought is where flowc has the program of Command from, nil for one of the pipeline's
	// own.
	Brought *Brought
	Command []*Value
	// Args stand behind the command, or behind the entrypoint of the image.
	Args     []*Value
	Image    *Value
	Endpoint *Value
	// Protocol is never empty after lowering.
	Protocol Protocol
	// Acked tells that a component of gRPC must speak flowc.v1, by which it answers for each
	// event.
	Acked bool
	// Takes and Gives are names of event types, as they stand in events.
	Takes, Gives []string
	// Env is its environment, sorted by name: what `env` says, and what `config` becomes.
	Env []Entry
	// Metadata is the path of its descriptor, "" for none.
	Metadata string
	// Port and HealthPort are 0 where they are to be assigned; HealthCheck is the path
	// of the health check, "" for the default.
	Port, HealthPort int
	HealthCheck      string
	Ports            []ForeignPort
	Volumes          []ForeignVolume
	Secrets          []ForeignSecret
	Requests, Limits ForeignResources
	// Restart is never empty after lowering.
	Restart Restart
	// Settle is how long, in nanoseconds, a processor must be quiet to be done with an
	// event; 0 for the default.
	Settle int64
	// Window is how many events may be under way in a processor, 0 for the default.
	Window int
	Span   source.Span // the key that gives the kind
}

// A Brought is where flowc has a component from: a registry, or a module of Go. Its command
// then begins with the name under which the program finds it (lock.FilePrefix).
type Brought struct {
	// Reference is what the pipeline writes: org/name@v1, or a package of Go, where Go is set.
	Reference string
	Go        bool
	// Image is its image with the digest; "" for Go, and for a reference that is not pinned.
	Image string
	// File is the name of its program, which means this one for ever; but for a folder of
	// Go beside the pipeline.
	File string
}

// A ForeignPort is a port that a component listens on besides its own.
type ForeignPort struct {
	Name            string
	Container, Host int
	Protocol        string // TCP, UDP, SCTP
	Span            source.Span
}

// A ForeignVolume is a place of the host, or a volume with a name, in the container.
type ForeignVolume struct {
	Name, HostPath, ContainerPath string
	ReadOnly                      bool
	Span                          source.Span
}

// A ForeignSecret is a file, a folder or a variable that a component gets.
type ForeignSecret struct {
	Name, Type, HostPath, ContainerPath, Env, Mode string
	Required                                       bool
	Labels                                         []ForeignLabel
	Span                                           source.Span
}

// A ForeignLabel is a word about a secret.
type ForeignLabel struct{ Key, Value string }

// ForeignResources are what a container asks for or may use, in Kubernetes' words.
type ForeignResources struct{ CPU, Memory string }

// Connector is what talks to the component.
func (f *Foreign) Connector() string {
	if f.Protocol == GRPC {
		return "foreign-component"
	}
	return "foreign-lines"
}

// Foreign is the foreign component that the node is, nil for none.
func (n *Node) Foreign() *Foreign {
	switch op := n.Op.(type) {
	case *Source:
		return op.Foreign
	case *Sink:
		return op.Foreign
	case *Apply:
		return op.Foreign
	}
	return nil
}

// Attended tells whether an attendant has to start the command where the component is a
// container beside the program: what is talked to by lines serves nothing itself.
func (f *Foreign) Attended() bool { return f.Protocol != GRPC && f.Image != nil && len(f.Command) > 0 }
