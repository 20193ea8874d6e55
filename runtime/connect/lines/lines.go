// Package lines talks to components by lines: one line an event, on the standard input and
// output of a process that the program starts. With ndjson each line is JSON.
//
//	processors:
//	  large: {from: orders, command: [jq, -c, 'select(.total > 100)'], protocol: ndjson, settle: 50ms}
//
// A source writes lines until it ends. A sink reads lines until its input ends. A processor
// answers each line with one line, in order: a record is done when its line has come, and
// what the process writes behind the end of its input goes on as well. With `settle` a
// processor may answer with any number of lines, which are those that come until it is
// quiet for so long; what comes later counts for the records behind.
//
// What programs write to a pipe they like to hold back until there is much of it. Those that
// use the C library are told to write each line at once, where there is `stdbuf`, and so is
// Python; others have an option or a call for it (`fflush()` in awk).
package lines

import (
	"errors"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

// SourceMemory is what reading ahead holds.
const SourceMemory = 512 << 10

// SinkMemory is what is read ahead of a processor's lines.
const SinkMemory = 64 << 10

// SourceConfig is the config of a source.
type SourceConfig struct {
	foreign.Container
	// Command is the program and its arguments.
	Command []string `json:"command" flowc:"fixed"`
	// Env are its variables, NAME=value each.
	Env []string `json:"env" flowc:"fixed"`
	// Endpoint is the address of an attendant, which starts the command where it is.
	Endpoint string `json:"endpoint" reach:"connects 50051"`
	// Restart is the policy of a process that ended: no, always, on-failure or unless-stopped.
	Restart string `json:"restart" flowc:"fixed" values:"no,always,on-failure,unless-stopped" default:"on-failure"`
	// Format is ndjson, json, csv, text or bytes.
	Format string `json:"format" flowc:"fixed" values:"ndjson,json,csv,text,bytes" default:"ndjson"`
	// MaxRecord is the longest record. A longer line is a record error; in other formats it
	// ends the program.
	MaxRecord int64 `json:"max_record" flowc:"positive" type:"size" default:"16MiB"`
}

// SinkConfig is the config of a sink, and of a processor.
type SinkConfig struct {
	foreign.Container
	// Command is the program and its arguments.
	Command []string `json:"command" flowc:"fixed"`
	// Env are its variables, NAME=value each.
	Env []string `json:"env" flowc:"fixed"`
	// Endpoint is the address of an attendant, which starts the command where it is.
	Endpoint string `json:"endpoint" reach:"connects 50051"`
	// Restart is the policy of a process that ended: no, always, on-failure or unless-stopped.
	Restart string `json:"restart" flowc:"fixed" values:"no,always,on-failure,unless-stopped" default:"on-failure"`
	// Format is ndjson, text, csv or bytes.
	Format string `json:"format" flowc:"fixed" values:"ndjson,text,csv,bytes" default:"ndjson"`
	// Settle is how long a processor that answers with any number of lines is quiet when it
	// is done; 0 is one line for each line.
	Settle time.Duration `json:"settle" default:"0s"`
	// MaxRecord is the longest line that a processor may answer.
	MaxRecord int64 `json:"max_record" flowc:"positive" type:"size" default:"16MiB"`
}

// keeper makes the keeper of a component.
func keeper(node string, in foreign.Container, command, env []string, endpoint, restart string) (*supervise.Keeper, error) {
	spec := supervise.Spec{Name: node, Command: command, Container: foreign.In(in), Env: env, Restart: restart, Piped: true, ByLine: true}
	switch {
	case endpoint != "": // whoever is there has the command, its environment and its container
		spec = supervise.Spec{Name: node, Attended: endpoint, Restart: restart, Piped: true}
	case spec.Container == nil && (len(command) == 0 || command[0] == ""):
		return nil, errors.New("command is empty: name the program and its arguments")
	case spec.Container == nil:
		spec.Command = foreign.Command(command)
	}
	return supervise.New(spec), nil
}
