// Command stages does W5, a generator and ten trivial stages whose results are only
// counted, in the forms that a pipeline's stages can take.
//
//	stages FORM COUNT OUTPUT
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
)

// forms are the ways to run ten stages over count events; each gives the number of
// events that arrive.
var forms = map[string]func(count int64) int64{
	"fused":      fused,
	"batched":    batched,
	"interfaces": interfaces,
	"channels":   channels,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "stages:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: stages FORM COUNT OUTPUT")
	}
	form := forms[args[0]]
	if form == nil {
		return fmt.Errorf("no form %q", args[0])
	}
	count, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	return os.WriteFile(args[2], fmt.Appendf(nil, `{"arrived":%d}`+"\n", form(count)), 0o644)
}
