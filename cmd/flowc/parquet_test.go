package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/parquet-go/parquet-go"

	parquetcodec "github.com/flowc-dev/flowc/runtime/codec/parquet"
)

// dumpParquet is what is in a Parquet file: its columns, and its rows as JSON.
func dumpParquet(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	out := []byte(f.Schema().String() + "\n\n")
	r, err := parquetcodec.NewReader(bytes.NewReader(data), int64(len(data)), nil, 0)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer r.Close()
	for {
		if out, _, err = r.Read(out, 1000, 1<<20); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}
