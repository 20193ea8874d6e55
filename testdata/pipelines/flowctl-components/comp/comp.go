// Package comp has components written for flowctl's interfaces.
package comp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// An Envelope is what the source sends.
type Envelope struct {
	ID      string `json:"id"`
	Payload string `json:"payload"`
}

// A Message is what the processor makes.
type Message struct {
	Text string `json:"text"`
}

// A Source sends three envelopes.
type Source struct{ open bool }

// NewSource returns one.
func NewSource() *Source { return &Source{} }

// Open opens it.
func (s *Source) Open(context.Context) error { s.open = true; return nil }

// Events sends the envelopes.
func (s *Source) Events(ctx context.Context, out chan<- Envelope) error {
	if !s.open {
		return errors.New("not open")
	}
	for i := range 3 {
		select {
		case out <- Envelope{ID: fmt.Sprint(i), Payload: strings.Repeat("p", i)}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Close closes it.
func (s *Source) Close() error { return nil }

// Healthy tells how it is.
func (s *Source) Healthy() error { return nil }

// An Enricher makes messages.
type Enricher struct {
	prefix string
	times  int
	seen   int
}

// Init takes the config.
func (e *Enricher) Init(config map[string]any) error {
	e.prefix, _ = config["prefix"].(string)
	e.times, _ = config["times"].(int)
	return nil
}

// Process makes as many messages as the config says.
func (e *Enricher) Process(_ context.Context, in *Envelope) ([]*Message, error) {
	e.seen++
	var out []*Message
	for i := range e.times {
		out = append(out, &Message{fmt.Sprintf("%s%s-%d", e.prefix, in.ID, i)})
	}
	return out, nil
}

// Flush tells how many there were.
func (e *Enricher) Flush(context.Context) ([]*Message, error) {
	return []*Message{{fmt.Sprintf("%d seen", e.seen)}}, nil
}

// Name is its name.
func (e *Enricher) Name() string { return "enricher" }

// A Sink appends to a file.
type Sink struct{ f *os.File }

// Connect takes the config.
func (s *Sink) Connect(config map[string]any) error {
	path, _ := config["path"].(string)
	var err error
	s.f, err = os.Create(path)
	return err
}

// Write writes messages.
func (s *Sink) Write(_ context.Context, ms []*Message) error {
	for _, m := range ms {
		if _, err := fmt.Fprintln(s.f, m.Text); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the file.
func (s *Sink) Close() error { return s.f.Close() }
