package main

import (
	"bufio"
	"os"
	"sync"
)

// room is how many events a channel holds: generous for this style.
const room = 128

// A pipeline is the goroutines of all stages and the first error of any of them.
// After an error a stage goes on to drain what comes, so that nobody blocks.
type pipeline struct {
	stages sync.WaitGroup
	once   sync.Once
	err    error
}

func (p *pipeline) fail(err error) {
	if err != nil {
		p.once.Do(func() { p.err = err })
	}
}

func (p *pipeline) wait() error {
	p.stages.Wait()
	return p.err
}

// stage runs fn for each event of a channel, in a goroutine, and sends what it
// gives. False from fn drops the event.
func stage[In, Out any](p *pipeline, in <-chan In, fn func(In) (Out, bool, error)) <-chan Out {
	out := make(chan Out, room)
	p.stages.Go(func() {
		defer close(out)
		for event := range in {
			result, keep, err := fn(event)
			if err != nil {
				p.fail(err)
				continue
			}
			if keep {
				out <- result
			}
		}
	})
	return out
}

// read sends the lines of a file, each in memory of its own.
func read(p *pipeline, path string) <-chan []byte {
	out := make(chan []byte, room)
	p.stages.Go(func() {
		defer close(out)
		f, err := os.Open(path)
		if err != nil {
			p.fail(err)
			return
		}
		defer f.Close()
		s := bufio.NewScanner(f)
		s.Buffer(nil, 16<<20)
		for s.Scan() {
			out <- append([]byte(nil), s.Bytes()...)
		}
		p.fail(s.Err())
	})
	return out
}

// write writes lines to a file.
func write(p *pipeline, in <-chan []byte, path string) {
	p.stages.Go(func() {
		f, err := os.Create(path)
		if err != nil {
			p.fail(err)
			for range in {
			}
			return
		}
		w := bufio.NewWriter(f)
		for line := range in {
			_, err := w.Write(append(line, '\n'))
			p.fail(err)
		}
		p.fail(w.Flush())
		p.fail(f.Close())
	})
}
