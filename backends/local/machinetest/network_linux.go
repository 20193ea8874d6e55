package machinetest

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
)

// setns is the call that has a thread enter a namespace, by architecture.
var setns = map[string]uintptr{"amd64": 308, "arm64": 268}

// Serve has the machine find at one of its addresses what listens at one of this machine's:
// its network is its own, and nothing else is there.
func (m *Machine) Serve(there, here string) {
	m.t.Helper()
	m.relay(there, here, m.within, func(f func() error) error { return f() })
}

// Reach has this machine find at an address, which it returns, what listens at one of the
// machine's.
func (m *Machine) Reach(there string) (here string) {
	m.t.Helper()
	return m.relay("127.0.0.1:0", there, func(f func() error) error { return f() }, m.within)
}

// relay takes connections at an address, and connects each with another one. Each of the two
// is one of a network that a function runs something in.
func (m *Machine) relay(from, to string, fromIn, toIn func(func() error) error) string {
	m.t.Helper()
	var l net.Listener
	err := fromIn(func() (err error) {
		l, err = net.Listen("tcp", from)
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			one, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go func() {
				defer one.Close()
				var other net.Conn
				if err := toIn(func() (err error) {
					other, err = net.Dial("tcp", to)
					return err
				}); err != nil {
					return // who has called sees that nobody is there
				}
				defer other.Close()
				over := make(chan struct{}, 2)
				for _, pair := range [][2]net.Conn{{one, other}, {other, one}} {
					go func() {
						_, _ = io.Copy(pair[0], pair[1])
						over <- struct{}{}
					}()
				}
				<-over // HTTP and PostgreSQL end both directions at once
			}()
		}
	}()
	return l.Addr().String()
}

// within runs a function in the machine's network. What it opens there stays there.
func (m *Machine) within(f func() error) error {
	number, ok := setns[runtime.GOARCH]
	if !ok {
		return fmt.Errorf("nobody has looked up the call setns for %s", runtime.GOARCH)
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never out again: the thread ends with this
		done <- func() error {
			network, err := os.Open("/proc/" + m.pid + "/ns/net")
			if err != nil {
				return err
			}
			defer network.Close()
			if _, _, errno := syscall.RawSyscall(number, network.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
				return fmt.Errorf("entering the machine's network: %w", errno)
			}
			return f()
		}()
	}()
	return <-done
}
