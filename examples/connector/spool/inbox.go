// Package spool is a connector of one's own, in plain Go: a source that reads a
// folder into which tills drop their sales, and a sink that keeps a ledger of
// segments. It imports nothing of flowc's. What flowc may promise of the two it
// reads from their methods, as it does with the connectors that it brings along.
package spool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Sale is what a till drops: a file with one JSON object.
type Sale struct {
	ID    string    `json:"id"`
	Shop  string    `json:"shop"`
	Cents int64     `json:"cents"`
	At    time.Time `json:"at"`
}

// InboxConfig is the config of the source.
type InboxConfig struct {
	// Dir is the folder. Files in it are read in the order of their names, those
	// that end in .json alone: who writes one renames it when it is whole.
	Dir string `json:"dir" flowc:"required"`
	// Every is how often the folder is looked at for new files; without, the source
	// ends with those that are there.
	Every time.Duration `json:"every"`
	// Remove removes files whose sales are safe.
	Remove bool `json:"remove"`
}

// An Inbox is a source that can go back and that acknowledges: it has Seek and Ack.
// A position is the name of the file that was read last.
type Inbox struct {
	config InboxConfig
	last   string
	acked  string
}

// NewInbox is called when the program starts; nothing is read yet.
func NewInbox(c InboxConfig) (*Inbox, error) {
	if c.Every < 0 {
		return nil, errors.New("every: 0 or more")
	}
	return &Inbox{config: c}, nil
}

// Open is called before the first Read, behind Seek.
func (in *Inbox) Open(context.Context) error {
	_, err := os.ReadDir(in.config.Dir)
	return away(err)
}

// batch is how many sales Read gives at most: they are kept until all sinks have
// them.
const batch = 100

// Read gives the sales behind the position, in the order of their files' names, or
// waits for one. Files that come later with smaller names are not seen.
func (in *Inbox) Read(ctx context.Context) ([]Sale, string, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, in.last, err
		}
		names, err := in.names()
		if err != nil {
			return nil, in.last, away(err)
		}
		var sales []Sale
		for _, name := range names {
			if name <= in.last || len(sales) == batch {
				continue
			}
			sale, err := in.sale(name)
			if err != nil {
				return nil, in.last, err
			}
			sales, in.last = append(sales, sale), name
		}
		switch {
		case len(sales) > 0:
			return sales, in.last, nil
		case in.config.Every == 0:
			return nil, in.last, io.EOF
		}
		select {
		case <-ctx.Done():
			return nil, in.last, ctx.Err()
		case <-time.After(in.config.Every):
		}
	}
}

// names are those of the files, in order.
func (in *Inbox) names() ([]string, error) {
	entries, err := os.ReadDir(in.config.Dir) // sorted by name
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (in *Inbox) sale(name string) (Sale, error) {
	data, err := os.ReadFile(filepath.Join(in.config.Dir, name))
	if err != nil {
		return Sale{}, away(err)
	}
	var s Sale
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// Seek makes the source replayable: the next Read gives what is behind the position.
func (in *Inbox) Seek(_ context.Context, position string) error {
	if position != filepath.Base(position) || !strings.HasSuffix(position, ".json") {
		return fmt.Errorf("%q is no name of a sale", position)
	}
	in.last, in.acked = position, position
	return nil
}

// Ack makes the source one that acknowledges: all up to the position is durable in
// every sink, and in the checkpoint.
func (in *Inbox) Ack(_ context.Context, position string) error {
	if position <= in.acked {
		return nil
	}
	from := in.acked
	in.acked = position
	if !in.config.Remove {
		return nil
	}
	names, err := in.names()
	for _, name := range names {
		if name > from && name <= position {
			err = errors.Join(err, os.Remove(filepath.Join(in.config.Dir, name)))
		}
	}
	return err
}

// An awayError is a folder that is not there: flowc waits for it, says so once, and
// /readyz is 503 meanwhile.
type awayError struct{ err error }

func (e *awayError) Error() string     { return e.err.Error() }
func (e *awayError) Unwrap() error     { return e.err }
func (e *awayError) Unavailable() bool { return true }

// away makes an error of a folder that is not there one that is waited out.
func away(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &awayError{err}
	}
	return err
}
