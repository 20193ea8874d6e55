package redis

import (
	"fmt"
	"net"
	"reflect"
	"testing"

	"github.com/alicebob/miniredis/v2/proto"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// host is a service on a free port, with a folder.
func host(t *testing.T, dir string, logins ...sandbox.Login) *sandbox.Host {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &sandbox.Host{
		Service: sandbox.Service{Name: "redis", Kind: sandbox.Redis, Port: l.Addr().(*net.TCPAddr).Port, Logins: logins},
		Dir:     dir, Log: func(format string, args ...any) { t.Logf(format, args...) },
	}
}

// started is a server with a client.
func started(t *testing.T, dir string, logins ...sandbox.Login) (sandbox.Server, *proto.Client) {
	t.Helper()
	h := host(t, dir, logins...)
	s, err := Start(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	c, err := proto.Dial(h.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return s, c
}

func ask(t *testing.T, c *proto.Client, command ...string) any {
	t.Helper()
	answer, err := do(c, command...)
	if err != nil {
		t.Fatalf("%q: %v", command, err)
	}
	return answer
}

// TestKeeps has one of everything, stops the server, and finds it again.
func TestKeeps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, c := started(t, dir)
	for _, command := range [][]string{
		{"SET", "text", "a\x00\xff\r\nb"},
		{"SET", "soon", "x", "PX", "3600000"},
		{"HSET", "hash", "a", "1", "b", ""},
		{"RPUSH", "list", "1", "2", "1"},
		{"SADD", "set", "x", "y"},
		{"ZADD", "zset", "1.5", "x", "-2", "y"},
		{"XADD", "stream", "5-1", "k", "v", "k2", "v2"},
		{"XADD", "stream", "5-2", "k", "w"},
		{"XADD", "stream", "7-0", "k", "z"},
		{"XGROUP", "CREATE", "stream", "all", "0"},
		{"XREADGROUP", "GROUP", "all", "me", "COUNT", "2", "STREAMS", "stream", ">"},
		{"XACK", "stream", "all", "5-1"},
		{"XGROUP", "CREATE", "stream", "none", "$"},
		{"SELECT", "3"},
		{"SET", "third", "3"},
	} {
		ask(t, c, command...)
	}
	s.Stop()
	_, c = started(t, dir)
	for _, one := range []struct {
		command []string
		want    any
	}{
		{[]string{"GET", "text"}, "a\x00\xff\r\nb"},
		{[]string{"GET", "soon"}, "x"},
		{[]string{"HGET", "hash", "b"}, ""},
		{[]string{"HGET", "hash", "a"}, "1"},
		{[]string{"LRANGE", "list", "0", "-1"}, []any{"1", "2", "1"}},
		{[]string{"SISMEMBER", "set", "y"}, 1},
		{[]string{"ZRANGE", "zset", "0", "-1", "WITHSCORES"}, []any{"y", "-2", "x", "1.5"}},
		{[]string{"XRANGE", "stream", "5-1", "5-1"}, []any{[]any{"5-1", []any{"k", "v", "k2", "v2"}}}},
		{[]string{"XLEN", "stream"}, 3},
		{[]string{"GET", "third"}, nil},
	} {
		if got := ask(t, c, one.command...); !reflect.DeepEqual(got, one.want) {
			t.Errorf("%q: %#v, want %#v", one.command, got, one.want)
		}
	}
	if ttl, ok := ask(t, c, "PTTL", "soon").(int); !ok || ttl <= 0 || ttl > 3600000 {
		t.Errorf("a key that is to go has %v left", ttl)
	}
	// What was not acknowledged comes again, and what comes behind it.
	got := fmt.Sprint(ask(t, c, "XREADGROUP", "GROUP", "all", "me", "STREAMS", "stream", ">"))
	if want := "[[stream [[5-2 [k w]] [7-0 [k z]]]]]"; got != want {
		t.Errorf("the group gets %s, want %s", got, want)
	}
	ask(t, c, "SELECT", "3")
	if got := ask(t, c, "GET", "third"); got != "3" {
		t.Errorf("the other database has %v", got)
	}
}

// TestLogin keeps what is in a server that asks for a password.
func TestLogin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	me := sandbox.Login{Password: "hunter2"}
	s, c := started(t, dir, me)
	if _, err := do(c, "SET", "a", "1"); err == nil {
		t.Fatal("somebody without a password was let in")
	}
	ask(t, c, "AUTH", "hunter2")
	ask(t, c, "SET", "a", "1")
	s.Stop()
	_, c = started(t, dir, me)
	ask(t, c, "AUTH", "hunter2")
	if got := ask(t, c, "GET", "a"); got != "1" {
		t.Errorf("got %v", got)
	}
}

func TestBefore(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"5-1": "5-0", "5-0": "4-18446744073709551615", "0-1": "0-0"} {
		if got, err := before(id); got != want || err != nil {
			t.Errorf("before %s: %s, %v", id, got, err)
		}
	}
}
