//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"syscall"
	"time"
)

// A loader sends requests and notes latencies.
type loader struct {
	requests [][]byte
	count    int
	span     time.Duration
	rate     float64

	epoll     int
	free      []*connection
	conns     map[int32]*connection
	sent      int
	latencies []time.Duration
}

// connect opens all connections, each with its own socket.
func (l *loader) connect(address string, n int) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Is4() {
		return fmt.Errorf("%q is no address such as 127.0.0.1:8080", address)
	}
	if l.epoll, err = syscall.EpollCreate1(0); err != nil {
		return err
	}
	l.conns = make(map[int32]*connection, n)
	for range n {
		fd, err := dial(to)
		if err != nil {
			return fmt.Errorf("connect to %s: %w", address, err)
		}
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
		if err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
			return err
		}
		c := &connection{fd: fd, in: make([]byte, 0, 4096)}
		l.conns[int32(fd)] = c
		l.free = append(l.free, c)
	}
	return nil
}

func dial(to netip.AddrPort) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != nil {
		return 0, err
	}
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return 0, err
	}
	return fd, syscall.SetNonblock(fd, true)
}

// run sends what is due and takes what is answered, until all is sent and answered.
func (l *loader) run(begin time.Time) error {
	l.latencies = make([]time.Duration, 0, max(l.count, 1<<20))
	events := make([]syscall.EpollEvent, len(l.conns))
	const stall = 10 * time.Second
	last := begin
	for {
		now := time.Now()
		for len(l.free) > 0 {
			due, ok := l.next(begin, now)
			if !ok {
				break
			}
			c := l.free[len(l.free)-1]
			l.free = l.free[:len(l.free)-1]
			if err := c.send(l.requests[l.sent%len(l.requests)], due); err != nil {
				return err
			}
			l.sent++
		}
		waiting := len(l.conns) - len(l.free)
		if waiting == 0 && l.over(begin, now) {
			return nil
		}
		if now.Sub(last) > stall && waiting > 0 {
			return fmt.Errorf("no answer for %s, with %d requests under way", stall, waiting)
		}
		// With a rate the clock decides what is next, so nothing may sleep.
		timeout := 1000
		if l.rate > 0 {
			timeout = 0
		}
		n, err := syscall.EpollWait(l.epoll, events, timeout)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			c := l.conns[e.Fd]
			done, err := c.receive()
			if err != nil {
				return err
			}
			if done {
				last = time.Now()
				l.latencies = append(l.latencies, last.Sub(c.due))
				l.free = append(l.free, c)
			}
		}
	}
}

// next tells whether a request is due, and since when.
func (l *loader) next(begin, now time.Time) (time.Time, bool) {
	if l.over(begin, now) {
		return now, false
	}
	if l.rate == 0 {
		return now, true
	}
	due := begin.Add(time.Duration(float64(l.sent) / l.rate * float64(time.Second)))
	return due, !due.After(now)
}

// over tells whether all requests have been sent. With a rate, all that fell due in
// the span are sent, however late the server let us.
func (l *loader) over(begin, now time.Time) bool {
	switch {
	case l.count > 0:
		return l.sent >= l.count
	case l.rate > 0:
		return float64(l.sent) >= l.rate*l.span.Seconds()
	}
	return now.Sub(begin) >= l.span
}
