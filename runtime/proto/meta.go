package proto

// What the metadata of a component's GetInfo says of flowc.v1.
const (
	// MetaAcked is there where the component speaks flowc.v1 beside flowctl.v1; its value is
	// AckedVersion, or one that begins with it.
	MetaAcked = "flowc.v1"
	// AckedVersion is the protocol as flowc.proto has it.
	AckedVersion = "acked"
	// MetaSocket is the path of a unix socket, or @ and the name of an abstract one, at which the
	// component speaks flowc.v1 in frames, for pipelines of the same host.
	MetaSocket = "flowc.v1.socket"
	// MetaInstance is a text that no other process of the component has: it tells whether the
	// server behind a socket is the one that named it.
	MetaInstance = "flowc.v1.instance"
)
