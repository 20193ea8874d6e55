// Package sandbox is the infrastructure that a pipeline needs on the machine of who writes
// it: a process that serves Kafka, NATS, Redis and S3 itself, runs PostgreSQL and
// containers, and the pipeline beside them. It is a program of its own, built when it is
// asked for with the servers that are needed: neither flowc nor a pipeline links them.
//
// A sandbox is a folder. Whoever starts it writes a [Plan] there; [Serve] does what the plan
// says and writes down how it does in a [State]. Both are files, and a lock that the system
// gives back with the end of a process tells whether somebody is at work: so any process
// can look, also behind a crash, and nobody takes another process for this one.
package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The kinds of services.
const (
	Kafka     = "kafka"
	NATS      = "nats"
	Redis     = "redis"
	S3        = "s3"
	Postgres  = "postgres"
	Container = "container"
)

// Aside is where the clusters of root's sandboxes lie whose own folders the user that
// PostgreSQL runs as can't reach.
const Aside = "/var/lib/flowc-sandbox"

// A Plan is what a sandbox is to have.
type Plan struct {
	// ID tells this sandbox from all others of the machine; it is in the names and labels
	// of containers.
	ID string `json:"id"`
	// Folder is that of the pipeline: it runs there, and paths are from there.
	Folder string `json:"folder"`
	// From are the files that it was made of, as they were named.
	From []string `json:"from"`
	// Services are in the order of their names.
	Services []Service `json:"services"`
	// Patience is how long a service may take to become ready, in nanoseconds.
	Patience int64 `json:"patience"`
	// Asked tells this plan from others, whatever ports its services got.
	Asked string `json:"asked"`
	// Env is what is handed to the pipeline, and to whoever asks for it.
	Env []Variable `json:"env"`
	// Program is the pipeline, nil where there are services alone.
	Program *Program `json:"program,omitempty"`
}

// A Variable is one of the environment, with what it is for.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// For says who reads it: `orders.brokers`; "" for those that tools know.
	For string `json:"for,omitempty"`
}

// A Service is one server.
type Service struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	// Port of 127.0.0.1 is where it listens; 0 for a container, which has its own.
	Port int `json:"port,omitempty"`
	// Fixed tells that somebody named the port.
	Fixed bool `json:"fixed,omitempty"`
	// Inner is the port at which containers look for it: that of its images.
	Inner int `json:"inner,omitempty"`
	// Logins may connect beside those that always may.
	Logins []Login `json:"logins,omitempty"`
	// Databases, Tables, Topics, Streams and Buckets are made where they are not there.
	Databases []string `json:"databases,omitempty"`
	Tables    []Table  `json:"tables,omitempty"`
	Topics    []string `json:"topics,omitempty"`
	Streams   []Stream `json:"streams,omitempty"`
	Buckets   []string `json:"buckets,omitempty"`
	// Container is set for a service of that kind.
	Container *Image `json:"container,omitempty"`
	// Why says who needs it.
	Why []string `json:"why"`
}

// A Login is a name with its password.
type Login struct {
	User     string `json:"user"`
	Password string `json:"password,omitempty"`
}

// A Table is one that a pipeline reads, and that somebody else would have made.
type Table struct {
	Database string `json:"database"`
	Name     string `json:"name"`
	// Columns are in its order; Key are those that tell rows apart, none where nothing does.
	Columns []Column `json:"columns"`
	Key     []string `json:"key,omitempty"`
	// Changes tells that its changes are read, those that delete a row included.
	Changes bool `json:"changes,omitempty"`
}

// A Column is one of a table, of a type of the language.
type Column struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Optional bool   `json:"optional,omitempty"`
}

// A Stream is one of JetStream.
type Stream struct {
	Name     string   `json:"name"`
	Subjects []string `json:"subjects"`
}

// An Image is what a container runs.
type Image struct {
	Image   string   `json:"image"`
	Command []string `json:"command,omitempty"`
	// Entrypoint stands in the place of the image's own.
	Entrypoint string `json:"entrypoint,omitempty"`
	// Env is NAME=VALUE, Publish HOST:PORT:PORT, Volumes HOST:CONTAINER with :ro behind.
	Env     []string `json:"env,omitempty"`
	Publish []string `json:"publish,omitempty"`
	Volumes []string `json:"volumes,omitempty"`
	// After are the services that are ready before it starts.
	After []string `json:"after,omitempty"`
	// Health is the command in the container that tells whether it is ready.
	Health []string `json:"health,omitempty"`
}

// A Program is the pipeline.
type Program struct {
	Name   string   `json:"name"`
	Binary string   `json:"binary"`
	Args   []string `json:"args,omitempty"`
	// Grace is how long its end in order may take, in nanoseconds.
	Grace int64 `json:"grace"`
}

// A Folder is where a sandbox is kept:
//
//	plan.json    what it is to have
//	state.json   how it does
//	lock         held by the process that serves it
//	log, log.1   what all of it says
//	data/NAME    what a service keeps
type Folder string

// Path is that of a file in the folder.
func (f Folder) Path(name string) string { return filepath.Join(string(f), name) }

// Data is where a service keeps what it has.
func (f Folder) Data(service string) string { return filepath.Join(string(f), "data", service) }

// Plan reads the plan; nil where there is none.
func (f Folder) Plan() (*Plan, error) {
	p := &Plan{}
	if there, err := f.read("plan.json", p); !there {
		return nil, err
	}
	return p, nil
}

// State reads how the sandbox does; nil where it was never started.
func (f Folder) State() (*State, error) {
	s := &State{}
	if there, err := f.read("state.json", s); !there {
		return nil, err
	}
	return s, nil
}

func (f Folder) read(name string, v any) (there bool, err error) {
	text, err := os.ReadFile(f.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return false, fmt.Errorf("%s can't be read: %w; `flowc sandbox start --fresh` begins anew", f.Path(name), err)
	}
	return true, nil
}

// Write puts the plan in its place.
func (p *Plan) Write(f Folder) error { return f.write("plan.json", p) }

// write puts a file in its place at once, readable for its owner alone: passwords are in it.
func (f Folder) write(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(string(f), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(text, '\n'))
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), f.Path(name))
}
