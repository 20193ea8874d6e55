package judge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// A talk is a stream of flowc.v1.
type talk struct {
	grpc.BidiStreamingClient[proto.FromPipeline, proto.FromComponent]
	window uint32
	given  uint64
	cancel context.CancelFunc
}

// talk begins a stream by gRPC.
func (j *judge) talk(ctx context.Context, position string) (*talk, error) {
	ctx, cancel := context.WithTimeout(ctx, j.Patience)
	client := proto.NewAckedServiceClient(j.conn)
	begin := client.Write
	switch j.role {
	case proto.ComponentType_COMPONENT_TYPE_SOURCE:
		begin = client.Read
	case proto.ComponentType_COMPONENT_TYPE_PROCESSOR:
		begin = client.Process
	}
	s, err := begin(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	t := &talk{BidiStreamingClient: s, cancel: cancel}
	err = s.Send(&proto.FromPipeline{Message: &proto.FromPipeline_Open{Open: &proto.Open{Node: "judge", Position: position}}})
	if err != nil && !errors.Is(err, io.EOF) {
		cancel()
		return nil, err
	}
	m, err := s.Recv()
	if err == nil && m.GetReady() == nil {
		err = errors.New("it did not answer `open` with `ready`")
	}
	if err == nil && m.GetReady().GetEvents() == 0 && j.role != proto.ComponentType_COMPONENT_TYPE_SOURCE {
		err = errors.New("`ready` grants no event")
	}
	if err != nil {
		cancel()
		return nil, err
	}
	t.window = m.GetReady().GetEvents()
	return t, nil
}

func (t *talk) batch(events []*proto.Event) error {
	t.given++
	return t.Send(&proto.FromPipeline{Message: &proto.FromPipeline_Batch{Batch: &proto.Batch{Number: t.given, Events: events}}})
}

// answered hears the whole answer to a batch of n events.
func (t *talk) answered(number uint64, n int) (events, failures int, err error) {
	for {
		m, err := t.Recv()
		if err != nil {
			return events, failures, err
		}
		a := m.GetAnswer()
		last := uint32(0)
		switch {
		case a == nil:
			return 0, 0, errors.New("it sent something else than an answer")
		case a.GetNumber() != number:
			return 0, 0, fmt.Errorf("it answered batch %d where batch %d was to be answered", a.GetNumber(), number)
		case len(a.GetOf()) == 0 && len(a.GetEvents()) != 0 && len(a.GetEvents()) != n:
			return 0, 0, fmt.Errorf("it made %d events of %d, and `of` does not say which of which", len(a.GetEvents()), n)
		case len(a.GetOf()) > 0 && len(a.GetOf()) != len(a.GetEvents()):
			return 0, 0, fmt.Errorf("`of` has %d places for %d events", len(a.GetOf()), len(a.GetEvents()))
		}
		for _, of := range a.GetOf() {
			if of < last || int(of) >= n {
				return 0, 0, fmt.Errorf("`of` says place %d behind place %d, of %d events", of, last, n)
			}
			last = of
		}
		for _, f := range a.GetFailures() {
			if int(f.GetIndex()) >= n {
				return 0, 0, fmt.Errorf("place %d has failed, of %d events", f.GetIndex(), n)
			}
		}
		events, failures = events+len(a.GetEvents()), failures+len(a.GetFailures())
		if !a.GetMore() {
			return events, failures, nil
		}
	}
}

// exchange gives batches, all before an answer is heard, as far as is granted, and ends the
// stream where close says so.
func (j *judge) exchange(ctx context.Context, batches [][]*proto.Event, pause time.Duration, end bool) (events, failures int, err error) {
	t, err := j.talk(ctx, "")
	if err != nil {
		return 0, 0, err
	}
	defer t.cancel()
	room := t.window
	heard := 0
	hear := func() error {
		e, f, err := t.answered(uint64(heard+1), len(batches[heard]))
		events, failures = events+e, failures+f
		room += uint32(len(batches[heard]))
		heard++
		return err
	}
	for _, b := range batches {
		for room < uint32(len(b)) && heard < int(t.given) {
			if err := hear(); err != nil {
				return events, failures, err
			}
		}
		if err := t.batch(b); err != nil {
			if _, heardErr := t.Recv(); heardErr != nil {
				err = heardErr
			}
			return events, failures, err
		}
		room -= min(room, uint32(len(b)))
	}
	if end {
		if err := t.CloseSend(); err != nil {
			return events, failures, err
		}
	}
	time.Sleep(pause)
	for heard < len(batches) {
		if err := hear(); err != nil {
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("it ended the stream with %d of %d batches answered", heard-1, len(batches))
			}
			return events, failures, err
		}
	}
	if end {
		if m, err := t.Recv(); !errors.Is(err, io.EOF) {
			return events, failures, fmt.Errorf("behind its answers it sent %v, %s", m, reason(err))
		}
	}
	return events, failures, nil
}

// batches are n batches of size events.
func (j *judge) batches(n, size int) (out [][]*proto.Event) {
	for i := range n {
		out = append(out, j.events(i*size, size))
	}
	return out
}

func (j *judge) exchanged(ctx context.Context, batches [][]*proto.Event, pause time.Duration, end bool) outcome {
	events, failures, err := j.exchange(ctx, batches, pause, end)
	n := 0
	for _, b := range batches {
		n += len(b)
	}
	switch {
	case err != nil:
		return fail("%s", reason(err))
	case failures == n && len(j.Payloads) == 0 && n > 1:
		return pass("%d events, all of which failed: it knows others (--events FILE)", n)
	case failures > 0:
		return pass("%d events, %d made of them, %d failed", n, events, failures)
	case j.role == proto.ComponentType_COMPONENT_TYPE_CONSUMER:
		return pass("%d events are safe", n)
	}
	return pass("%d events, %d made of them", n, events)
}

func ackedAnswers(ctx context.Context, j *judge) outcome {
	return j.exchanged(ctx, append(j.batches(20, 1), j.batches(10, 50)...), 0, false)
}

func ackedSlow(ctx context.Context, j *judge) outcome {
	return j.exchanged(ctx, j.batches(40, 25), 500*time.Millisecond, false)
}

func ackedEnd(ctx context.Context, j *judge) outcome {
	return j.exchanged(ctx, j.batches(10, 10), 0, true)
}

func ackedGarbage(ctx context.Context, j *judge) outcome {
	_, before, err := j.exchange(ctx, [][]*proto.Event{{j.event(0), j.event(1)}}, 0, true)
	if err != nil {
		return fail("%s", reason(err))
	}
	mixed := append([]*proto.Event{j.event(0)}, append(j.broken(), j.event(1))...)
	_, failures, err := j.exchange(ctx, [][]*proto.Event{mixed}, 0, true)
	switch {
	case err != nil:
		return fail("at a batch with garbage, an unknown type and an empty event: %s", reason(err))
	case failures > before+len(mixed)-2:
		return fail("of two good events and three bad ones %d have failed: the good ones are done", failures)
	}
	return pass("of two good events and three bad ones %d have failed", failures)
}

func ackedLarge(ctx context.Context, j *judge) outcome {
	return j.exchanged(ctx, [][]*proto.Event{{j.large()}}, 0, true)
}

func ackedBroken(ctx context.Context, j *judge) outcome {
	for range 3 {
		t, err := j.talk(ctx, "")
		if err == nil {
			err = t.batch(j.events(0, 5))
			time.Sleep(pause)
			t.cancel()
		}
		if err != nil {
			return fail("%s", reason(err))
		}
	}
	time.Sleep(pause)
	return j.exchanged(ctx, j.batches(2, 5), 0, true)
}

// A piece is a batch of a source.
type piece struct {
	events   []string
	position string
}

// read reads a source from a position on, granting step events at a time, until it has given
// most events or has ended. quiet is how long it may be quiet.
func (j *judge) read(ctx context.Context, from string, step uint32, most int, quiet time.Duration) (pieces []piece, ended bool, err error) {
	t, err := j.talk(ctx, from)
	if err != nil {
		return nil, false, err
	}
	defer t.cancel()
	type said struct {
		m   *proto.FromComponent
		err error
	}
	heard := make(chan said)
	go func() {
		for {
			m, err := t.Recv()
			select {
			case heard <- said{m, err}:
			case <-t.Context().Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	granted, got, number := 0, 0, uint64(0)
	for got < most {
		if granted == got {
			granted += int(step)
			if err := t.Send(&proto.FromPipeline{Message: &proto.FromPipeline_Grant{Grant: &proto.Grant{Events: step}}}); err != nil && !errors.Is(err, io.EOF) {
				return pieces, false, err
			}
		}
		select {
		case s := <-heard:
			b := s.m.GetBatch()
			switch {
			case errors.Is(s.err, io.EOF):
				return pieces, false, errors.New("it ended the stream without having said `end`")
			case s.err != nil:
				return pieces, false, s.err
			case s.m.GetEnd() != nil:
				return pieces, true, nil
			case b == nil:
				return pieces, false, errors.New("behind `ready` it sent something else than batches")
			}
			if number++; b.GetNumber() != number {
				return pieces, false, fmt.Errorf("batch %d came where %d was to come", b.GetNumber(), number)
			}
			if got += len(b.GetEvents()); got > granted {
				return pieces, false, fmt.Errorf("it gave %d events where %d were granted", got, granted)
			}
			p := piece{position: b.GetPosition()}
			for _, e := range b.GetEvents() {
				p.events = append(p.events, e.GetType()+"\x00"+string(e.GetPayload()))
			}
			pieces = append(pieces, p)
		case <-time.After(quiet):
			return pieces, false, nil
		}
	}
	return pieces, false, nil
}

func count(pieces []piece) (n int) {
	for _, p := range pieces {
		n += len(p.events)
	}
	return n
}

func ackedGrants(ctx context.Context, j *judge) outcome {
	for _, step := range []uint32{1, 7, 500} {
		pieces, ended, err := j.read(ctx, "", step, 2*int(step)+3, j.Patience/4)
		switch {
		case err != nil:
			return fail("with %d granted at a time: %s", step, reason(err))
		case count(pieces) == 0 && !ended:
			return fail("no event came within %s", j.Patience/4)
		}
	}
	return pass("1, 7 and 500 at a time, and no event more")
}

func ackedPositions(ctx context.Context, j *judge) outcome {
	pieces, ended, err := j.read(ctx, "", 3, 60, j.Patience/4)
	if err != nil {
		return fail("%s", reason(err))
	}
	at := -1
	for i, p := range pieces {
		if p.position != "" && i < len(pieces)-1 {
			at = i
			if i > len(pieces)/2 {
				break
			}
		}
	}
	if at < 0 {
		return skip("of %d batches none has a position and others behind it: it can't go on, and its events come again after a crash", len(pieces))
	}
	var want []string
	for _, p := range pieces[at+1:] {
		want = append(want, p.events...)
	}
	if j.Endpoint == "" { // another process must know it, too
		j.stop()
		if err := j.start(ctx); err != nil {
			return fail("it was started anew: %v", err)
		}
	}
	again, _, err := j.read(ctx, pieces[at].position, 3, len(want), j.Patience/4)
	if err != nil {
		return fail("from the position %q: %s", pieces[at].position, reason(err))
	}
	var got []string
	for _, p := range again {
		got = append(got, p.events...)
	}
	for i, w := range want {
		switch {
		case i >= len(got):
			return fail("behind the position %q %d events come, and %d came the first time", pieces[at].position, len(got), len(want))
		case got[i] != w:
			return fail("behind the position %q event %d is another one than the first time: it does not go on there", pieces[at].position, i+1)
		}
	}
	if ended {
		return pass("the %d events behind %q are the same in another process; it ends", len(want), pieces[at].position)
	}
	return pass("the %d events behind %q are the same in another process", len(want), pieces[at].position)
}

func ackedSecond(ctx context.Context, j *judge) outcome {
	for range 3 {
		pieces, ended, err := j.read(ctx, "", 5, 5, j.Patience/4)
		if err != nil {
			return fail("%s", reason(err))
		}
		if count(pieces) == 0 && !ended {
			return fail("behind a stream that was broken off no event comes")
		}
	}
	return pass("three, one behind another")
}

func ackedFrames(ctx context.Context, j *judge) outcome {
	path := j.info.GetMetadata()[proto.MetaSocket]
	if path == "" {
		return skip("it names no socket: pipelines of this host come by gRPC")
	}
	conn, err := (&net.Dialer{Timeout: j.Patience}).DialContext(ctx, "unix", path)
	if err != nil {
		if j.Endpoint != "" {
			return skip("%s is not on this host: %v", path, err)
		}
		return fail("%v", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(j.Patience)) // of a connection that is there
	send := func(m *proto.FromPipeline) error {
		data, err := proto.AppendPipelineFrame(nil, m)
		if err == nil {
			_, err = conn.Write(data)
		}
		return err
	}
	in := bufio.NewReader(conn)
	err = send(&proto.FromPipeline{Message: &proto.FromPipeline_Open{Open: &proto.Open{Node: "judge"}}})
	var m *proto.FromComponent
	if err == nil {
		m, err = proto.ReadComponentFrame(in)
	}
	switch {
	case err != nil:
		return fail("%v", err)
	case m.GetReady() == nil:
		return fail("it did not answer `open` with `ready`")
	case m.GetReady().GetInstance() != j.info.GetMetadata()[proto.MetaInstance] || m.GetReady().GetInstance() == "":
		return fail("`ready` says the instance %q, and GetInfo %q", m.GetReady().GetInstance(), j.info.GetMetadata()[proto.MetaInstance])
	}
	if j.role == proto.ComponentType_COMPONENT_TYPE_SOURCE {
		err = send(&proto.FromPipeline{Message: &proto.FromPipeline_Grant{Grant: &proto.Grant{Events: 3}}})
	} else {
		err = send(&proto.FromPipeline{Message: &proto.FromPipeline_Batch{Batch: &proto.Batch{Number: 1, Events: j.events(0, 3)}}})
	}
	if err == nil {
		m, err = proto.ReadComponentFrame(in)
	}
	if err != nil || m.GetBatch() == nil && m.GetEnd() == nil && m.GetAnswer().GetNumber() != 1 {
		return fail("behind `ready` it said %v (%v)", m, err)
	}
	if c, ok := conn.(*net.UnixConn); ok {
		err = c.CloseWrite()
	}
	for err == nil && m.GetClosed() == nil {
		m, err = proto.ReadComponentFrame(in)
	}
	if err != nil {
		return fail("when the pipeline has ended its half it does not say `closed`: %v", err)
	}
	return pass("at %s", path)
}

// ackedDrain asks the component to end while it is at work.
func ackedDrain(ctx context.Context, j *judge) outcome {
	t, err := j.talk(ctx, "")
	if err != nil {
		return fail("%s", reason(err))
	}
	defer t.cancel()
	if err := t.batch(j.events(0, 20)); err != nil {
		return fail("%s", reason(err))
	}
	if _, _, err := t.answered(1, 20); err != nil {
		return fail("%s", reason(err))
	}
	p := j.process
	go p.Stop(j.Patience + 5*time.Second)
	m, err := t.Recv()
	switch {
	case err == nil:
		return fail("it was asked to end, and sent %v", m)
	case errors.Is(err, io.EOF):
		return fail("it ended the stream with OK, as if the pipeline had ended it")
	case status.Code(err) == codes.DeadlineExceeded:
		return fail("it did not end its stream within %s", j.Patience)
	}
	select {
	case <-p.Done():
	case <-time.After(j.Patience):
		return fail("it did not end within %s", j.Patience)
	}
	if !p.Well() {
		return fail("it %s%s", p.State(), wrote(p.Last()))
	}
	return pass("%s", reason(err))
}
