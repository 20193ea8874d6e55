package flow

import (
	"net"
	"os"
	"testing"
)

// netError is what package net says when nobody listens.
func netError(t *testing.T) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, err = net.Dial("tcp", address)
	return err
}

// fileError is what package os says of a file that is not there.
func fileError() error {
	_, err := os.Open("testdata/no-such-file")
	return err
}
