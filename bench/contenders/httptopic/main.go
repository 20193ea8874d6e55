// Command httptopic is net/http in front of a Kafka topic, written by hand: W2's
// transform with the scanner, and an answer when the broker has the record. The
// client gathers the records of requests that wait at the same time.
//
//	httptopic ADDRESS BROKER TOPIC
package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: httptopic ADDRESS BROKER TOPIC")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "httptopic:", err)
		os.Exit(1)
	}
}

func run(address, broker, topic string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer client.Close()
	return http.ListenAndServe(address, &handler{client})
}

type handler struct{ client *kgo.Client }

// A desk is what one request needs.
type desk struct {
	body     bytes.Buffer
	payments *scan.Payments
	line     []byte
}

var (
	desks  = sync.Pool{New: func() any { return &desk{payments: scan.NewPayments()} }}
	answer = []byte(`{"accepted":1}` + "\n")
	kind   = []string{"application/json"}
)

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := desks.Get().(*desk)
	defer desks.Put(d)
	d.body.Reset()
	if _, err := d.body.ReadFrom(r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	line, err := d.payments.Line(bytes.TrimRight(d.body.Bytes(), "\n"), d.line[:0])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.line = line
	if len(line) > 0 {
		if err := h.client.ProduceSync(r.Context(), &kgo.Record{Value: bytes.TrimSuffix(line, []byte("\n"))}).FirstErr(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	w.Header()["Content-Type"] = kind
	_, _ = w.Write(answer) // the client has gone
}
