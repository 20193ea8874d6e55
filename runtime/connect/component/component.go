// Package component talks to components that speak flowctl.v1, over gRPC: the component
// serves, and the program is its client, which moves the data. A component is a process that
// the program starts, or a server that runs already.
//
//	sources:
//	  ledgers: {command: [./ledger-source], gives: stellar.ledger.v1}
//	processors:
//	  transfers: {from: ledgers, command: [./transfers]}
//
// A process gets, beside its own environment, ENABLE_FLOWCTL, FLOWCTL_ENDPOINT (the control
// plane that the program embeds), FLOWCTL_HEARTBEAT_INTERVAL, FLOWCTL_SERVICE_ID,
// FLOWCTL_COMPONENT_ID, PORT and GRPC_PORT, and HEALTH_PORT, on free ports. The address that
// it registers under wins over the port that it was given.
//
// Where a target runs the component as a container beside the program, the program is told its
// address as the endpoint: it starts nothing, but waits for it as it does for a process, and
// the control plane listens where the environment says (FLOWC_CONTROL).
//
// By flowctl.v1 order is kept by giving a processor one event at a time, unless it says that it handles one
// after another (max_concurrent=1 among its metadata). It is done with an event when it has
// answered and is quiet, or when it was quiet for the settle time: neither the number of
// answers nor their ids tell. Its stream is never closed while it may still be at work.
//
// A component that says in its GetInfo that it speaks flowc.v1 is talked to by that, in which
// batches of events are answered in order: nothing is waited for but answers, and what has not
// been answered when it dies is given again. Where both are of one host they meet at a socket.
//
// By flowctl.v1 a source is asked to go on behind the last event that is safe: by the token that it gives
// for its state, and by the ledger, where its events have a cursor. A consumer says at the
// end how many events it has received, and not what became of them.
package component

import (
	"errors"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
)

// SourceMemory is what is read ahead.
const SourceMemory = 4 << 20

// SinkMemory is what the stream holds.
const SinkMemory = 1 << 20

// SourceConfig is the config of a source.
type SourceConfig struct {
	foreign.Container
	// Command is the program and its arguments.
	Command []string `json:"command" flowc:"fixed"`
	// Env are its variables, NAME=value each.
	Env []string `json:"env" flowc:"fixed"`
	// Endpoint is the address of one that runs already.
	Endpoint string `json:"endpoint" reach:"connects 50051"`
	// Restart is the policy of a process that ended: no, always, on-failure or unless-stopped.
	Restart string `json:"restart" flowc:"fixed" values:"no,always,on-failure,unless-stopped" default:"on-failure"`
	// Port is the port that it is given; 0 is a free one.
	Port int `json:"port" flowc:"natural"`
	// HealthPort is the port of its health check; 0 is a free one.
	HealthPort int `json:"health_port" flowc:"natural"`
	// HealthCheck is the path at which it says by HTTP, at its health port, how it does.
	HealthCheck string `json:"health_check" flowc:"fixed"`
	// Wait is how long a process may take until it serves.
	Wait time.Duration `json:"wait" flowc:"positive" default:"30s"`
	// Gives are the event types that it gives; empty for any.
	Gives []string `json:"gives" flowc:"fixed"`
	// Acked tells that it must speak flowc.v1, by which it answers for each event.
	Acked bool `json:"acked" flowc:"fixed"`
	// Format is json (ndjson means the same: one value a payload), text or bytes.
	Format string `json:"format" flowc:"fixed" values:"json,ndjson,text,bytes" default:"json"`
}

// SinkConfig is the config of a sink, and of a processor.
type SinkConfig struct {
	foreign.Container
	// Command is the program and its arguments.
	Command []string `json:"command" flowc:"fixed"`
	// Env are its variables, NAME=value each.
	Env []string `json:"env" flowc:"fixed"`
	// Endpoint is the address of one that runs already.
	Endpoint string `json:"endpoint" reach:"connects 50051"`
	// Restart is the policy of a process that ended: no, always, on-failure or unless-stopped.
	Restart string `json:"restart" flowc:"fixed" values:"no,always,on-failure,unless-stopped" default:"on-failure"`
	// Port is the port that it is given; 0 is a free one.
	Port int `json:"port" flowc:"natural"`
	// HealthPort is the port of its health check; 0 is a free one.
	HealthPort int `json:"health_port" flowc:"natural"`
	// HealthCheck is the path at which it says by HTTP, at its health port, how it does.
	HealthCheck string `json:"health_check" flowc:"fixed"`
	// Wait is how long a process may take until it serves.
	Wait time.Duration `json:"wait" flowc:"positive" default:"30s"`
	// Takes are the event types that it takes; the first one is that of events which have none.
	Takes []string `json:"takes" flowc:"fixed"`
	// Gives are the event types that a processor gives; empty for any.
	Gives []string `json:"gives" flowc:"fixed"`
	// Settle is how long a processor is quiet when it is done with an event that it does not
	// answer.
	Settle time.Duration `json:"settle" flowc:"positive" default:"200ms"`
	// Unordered tells that a processor may answer in any order.
	Unordered bool `json:"unordered" flowc:"fixed"`
	// Window is how many events a processor may be at where order is no matter; 0 is as many
	// as there are.
	Window int `json:"window" flowc:"natural"`
	// Acked tells that it must speak flowc.v1, by which it answers for each event.
	Acked bool `json:"acked" flowc:"fixed"`
	// Format is json (ndjson means the same: one value a payload), text or bytes.
	Format string `json:"format" flowc:"fixed" values:"json,ndjson,text,bytes" default:"json"`
}

// SinkMeta is what goes with a record.
type SinkMeta struct {
	// Envelope is the envelope of the event that the record came of.
	Envelope string `json:"envelope"`
}

// maxEvent is the longest event.
const maxEvent = 64 << 20

var errNothing = errors.New("there is neither a command nor an endpoint")
