// Command risk judges payments: a component of one function.
package main

import (
	"context"
	"errors"
	"log"
	"strconv"

	"github.com/flowc-dev/flowc/runtime/component"
)

// A payment is what comes in, a judgement what goes out. Both are JSON.
type payment struct {
	ID      string `json:"id"`
	Country string `json:"country"`
	Amount  string `json:"amount"`
}

type judgement struct {
	ID   string   `json:"id"`
	Risk int      `json:"risk"`
	Why  []string `json:"why"`
}

// judge is the component. An error is that of the one payment: the pipeline does with it as
// `on_error` says.
func judge(_ context.Context, p payment) (judgement, error) {
	j := judgement{ID: p.ID, Why: []string{}}
	if p.Country == "" {
		return j, errors.New("a payment without a country")
	}
	amount, err := strconv.ParseFloat(p.Amount, 64)
	if err != nil {
		return j, err
	}
	if p.Country == "XX" {
		j.Risk, j.Why = j.Risk+60, append(j.Why, "nobody knows the country")
	}
	if amount >= 10_000 {
		j.Risk, j.Why = j.Risk+35, append(j.Why, "a large amount")
	}
	return j, nil
}

func main() {
	info := component.Info{Name: "risk", Version: "1.0.0", Takes: []string{"payment.v1"}, Gives: []string{"payment.judged.v1"}}
	if err := component.Serve(context.Background(), info, component.Processor(judge)); err != nil {
		log.Fatal(err)
	}
}
