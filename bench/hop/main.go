// hop measures what it costs to give an event to a component in a process of its own, in
// events per second of CPU of both ends together: by a plain unary call of gRPC, by the plain
// stream of flowctl.v1, and by flowc.v1. The ends of the last two are those that pipelines and
// runtime/component have. Beside them stand the frames of flowc.v1
// written and read by general protobuf code.
//
//	go run ./hop            # all, in two minutes or so
//	go run ./hop -rounds 5
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/stats"
)

var (
	rounds = flag.Int("rounds", 3, "how often each is measured, in turns")
	only   = flag.String("only", "", "the begin of the name of the one that is measured")
	which  = flag.String("table", "", "the only table, as processor-2000")
	last   = flag.Duration("time", 1500*time.Millisecond, "how long one goes on, once")
	serve  = flag.String("serve", "", "serve a contender (what it starts itself with)")
	role   = flag.String("role", "sink", "what is served")
)

// A hop is a way to a component.
type hop struct {
	name string
	// serve serves until standard input ends; ready says where.
	serve func(role string, ready func(address string)) error
	// dial returns what gives so many events to the component and returns when it is done
	// with them.
	dial func(role, address string, payload []byte) (give func(n int) error, end func(), err error)
	// burst is how many are given at a time.
	burst int
}

var hops = []hop{
	{"unary call, one at a time", serveUnary, dialUnary(1), 200},
	{"unary call, 16 at once", serveUnary, dialUnary(16), 400},
	{"plain stream (flowctl.v1)", servePlain, dialPart, 1000},
	{"flowc.v1 over TCP", serveAcked, dialTCP, 10_000},
	{"flowc.v1", serveAcked, dialPart, 10_000},
	{"frames, by general protobuf code", serveFrames, dialFrames, 10_000},
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	// Both ends of all ways have some memory, as pipelines and components do: with next to
	// none the collector runs all the time, and is most of what is measured.
	held := make([]byte, 24<<20)
	defer runtime.KeepAlive(held)
	if *serve != "" {
		check(serving())
		return
	}
	for _, role := range []string{"sink", "processor"} {
		for _, size := range []int{200, 2000} {
			if *which == "" || *which == fmt.Sprintf("%s-%d", role, size) {
				table(role, size)
			}
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// serving is the other process.
func serving() error {
	for _, h := range hops {
		if h.name == *serve {
			return h.serve(*role, func(address string) { fmt.Println(address) })
		}
	}
	return errors.New("nothing is called " + *serve)
}

// table measures all ways, in turns.
func table(role string, size int) {
	rates, walls := make([][]float64, len(hops)), make([][]float64, len(hops))
	for range *rounds {
		for i, h := range hops {
			if !strings.HasPrefix(h.name, *only) {
				continue
			}
			rate, wall, err := measure(h, role, payload(size))
			check(err)
			rates[i], walls[i] = append(rates[i], rate), append(walls[i], wall)
		}
	}
	fmt.Printf("\n%s, payloads of %d B\n\n", role, size)
	fmt.Println("| way | events/CPU-s of both ends | of the unary call | events/s |")
	fmt.Println("|---|---|---|---|")
	for i, h := range hops {
		fmt.Printf("| %s | %s | %s | %s |\n", h.name, thousands(stats.Of(rates[i]).Median), stats.Paired(rates[i], rates[0]), thousands(stats.Of(walls[i]).Median))
	}
}

func thousands(f float64) string {
	text := fmt.Sprintf("%.0f", f)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// payload is JSON of a size.
func payload(size int) []byte {
	const head, tail = `{"account":"GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ","amount":"12.5000000","memo":"`, `"}`
	return []byte(head + strings.Repeat("x", size-len(head)-len(tail)) + tail)
}

// measure gives events for a while: events per second of CPU of both processes, and per second.
func measure(h hop, role string, payload []byte) (rate, wall float64, err error) {
	c, err := start(h, role)
	if err != nil {
		return 0, 0, err
	}
	give, end, err := h.dial(role, c.address, payload)
	if err != nil {
		return 0, 0, err
	}
	for range 5 { // the first ones make connections
		if err := give(h.burst); err != nil {
			return 0, 0, err
		}
	}
	ours, theirs, begin := self(), of(c.cmd.Process.Pid), time.Now()
	n := 0
	for time.Since(begin) < *last {
		if err := give(h.burst); err != nil {
			return 0, 0, err
		}
		n += h.burst
	}
	took := time.Since(begin)
	cpu := self() - ours + of(c.cmd.Process.Pid) - theirs
	end()
	return float64(n) / cpu.Seconds(), float64(n) / took.Seconds(), c.stop()
}

// A child is the component.
type child struct {
	cmd     *exec.Cmd
	in      interface{ Close() error }
	address string
}

func start(h hop, role string) (*child, error) {
	cmd := exec.Command(os.Args[0], "-serve", h.name, "-role", role)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s did not say where it listens: %w", h.name, err)
	}
	return &child{cmd, in, strings.TrimSpace(line)}, nil
}

func (c *child) stop() error {
	if err := c.in.Close(); err != nil {
		return err
	}
	return c.cmd.Wait()
}

// self is the CPU time of this process.
func self() time.Duration {
	var r syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// of is that of another one, as /proc counts it.
func of(pid int) time.Duration {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	check(err)
	total := int64(0)
	for _, t := range tasks { // schedstat of the process is that of its first thread
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, t.Name()))
		if err != nil {
			continue // it has just ended
		}
		var running int64
		_, err = fmt.Sscan(string(text), &running)
		check(err)
		total += running
	}
	return time.Duration(total)
}
