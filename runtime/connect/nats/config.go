// Package nats reads streams and subjects of a NATS server, and publishes to
// streams.
//
// With `stream` the source reads a JetStream stream in its order. The checkpoint
// has the sequence number of the stream, so after a crash it goes on behind the
// last message that is safe, and a server that loses its consumers loses nothing.
// `subject` chooses messages of the stream; it may hold wildcards.
//
//	sources:
//	  orders: {use: nats, config: {url: "nats://localhost:4222", stream: ORDERS, subject: orders.>}, out: Order}
//	sinks:
//	  bills: {from: orders, use: nats, config: {url: "nats://localhost:4222", subject: "bills.${in.Region}"}, meta: {id: in.ID}}
//
// With `durable` as well the server keeps the position, in a consumer of that
// name, and several copies of the program share the messages: for streams that
// are work queues. What was not acknowledged comes again after the consumer's ack
// wait, behind newer messages.
//
// Without `stream` it subscribes to a subject of core NATS, where a message that
// nobody takes at once is gone. JetStream is what waits.
//
// A message is one record: a JSON value, a text, or bytes.
//
// The sink publishes to the stream that takes the subject and waits for the
// server's answer to each message. Each has an id (`meta: {id: …}`, else one of
// the program's own): the server drops a message whose id it has seen within the
// stream's duplicate window, so what is sent again after a lost answer is stored
// once. With an id of the records' own that also holds for what comes again after
// a crash, as long as the window is.
//
// A server that can't be reached is waited for, at the start as well. One that
// refuses a login ends the program at the start, but not later, as while passwords
// are being changed: then it is tried again until it takes the program back.
package nats

import (
	"github.com/flowc-dev/flowc/runtime/connect"
)

// SourceMemory is what the client holds of messages that were not read yet.
const SourceMemory = 16 << 20

// SinkMemory is what the client holds of messages on their way, beside the packet
// that they come from.
const SinkMemory = 16 << 20

// SinkGathers is up to how much of what waits goes into one write: each waits for an answer.
const SinkGathers = 256 << 10

// SourceConfig is the config of the source.
type SourceConfig struct {
	// URL is where the server is: nats://host:4222, tls:// for TLS, several of a
	// cluster with commas between. With a password in it it takes a reference alone.
	URL string `json:"url" flowc:"required,secret" form:"dsn" reach:"connects 4222"`
	// Stream is the JetStream stream to read; without it the source subscribes to
	// a subject of core NATS, at most once.
	Stream string `json:"stream" flowc:"fixed"`
	// Subject is which messages to read, with wildcards: orders.> or orders.*.eu;
	// empty reads all of the stream.
	Subject string `json:"subject"`
	// Durable is the name of a consumer that keeps the position on the server,
	// made where there is none. Without it the checkpoint keeps it.
	Durable string `json:"durable" flowc:"fixed" needs:"stream"`
	// Start is where a first run begins: earliest, latest, or a time such as
	// 2026-01-31T08:00:00Z.
	Start string `json:"start" form:"start" default:"earliest"`
	// Format is json (ndjson means the same: one value a message), text or bytes.
	Format string `json:"format" flowc:"fixed" values:"json,ndjson,text,bytes" default:"json"`
	// User is the name to log in with.
	User string `json:"user"`
	// Password belongs to User.
	Password string `json:"password" flowc:"secret" needs:"user"`
	// Token is what the server asks for in place of a user.
	Token string `json:"token" flowc:"secret"`
	// Credentials is the file with the JWT and the seed of a user (a .creds file);
	// it is read anew for each connection.
	Credentials string `json:"credentials"`
	// TLS says whom to trust, and who the program is.
	TLS connect.ClientTLS `json:"tls"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *SourceConfig `json:"-"`
}

// SinkConfig is the config of the sink.
type SinkConfig struct {
	// URL is where the server is: nats://host:4222, tls:// for TLS, several of a
	// cluster with commas between. With a password in it it takes a reference alone.
	URL string `json:"url" flowc:"required,secret" form:"dsn" reach:"connects 4222"`
	// Subject is what messages are published to.
	Subject string `json:"subject" flowc:"required,per-record"`
	// Stream is the stream that must take them; empty takes any.
	Stream string `json:"stream"`
	// Format is json (ndjson means the same: one value a message), text or bytes.
	Format string `json:"format" flowc:"fixed" values:"json,ndjson,text,bytes" default:"json"`
	// Headers are set on each message.
	Headers map[string]string `json:"headers"`
	// User is the name to log in with.
	User string `json:"user"`
	// Password belongs to User.
	Password string `json:"password" flowc:"secret" needs:"user"`
	// Token is what the server asks for in place of a user.
	Token string `json:"token" flowc:"secret"`
	// Credentials is the file with the JWT and the seed of a user (a .creds file);
	// it is read anew for each connection.
	Credentials string `json:"credentials"`
	// TLS says whom to trust, and who the program is.
	TLS connect.ClientTLS `json:"tls"`
	// Fresh, where it is set, gives the config as its files say it now.
	Fresh func() *SinkConfig `json:"-"`
}

// SinkMeta is what `meta:` sets beside a record.
type SinkMeta struct {
	// ID is the message's id (the header Nats-Msg-Id): the server drops one that
	// it has seen within the duplicate window of the stream.
	ID string `json:"id"`
}
