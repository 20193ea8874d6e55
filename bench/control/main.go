// control measures `flowc server` under ten thousand components that say how they do every
// ten seconds: what it takes, and how long answers take, with a file and in memory alone.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/flowc-dev/flowc/runtime/proto"
)

var (
	components = flag.Int("components", 10_000, "how many there are")
	interval   = flag.Duration("interval", 10*time.Second, "between two heartbeats of one")
	last       = flag.Duration("time", 30*time.Second, "how long the heartbeats go on")
)

const (
	connections = 32
	kinds       = 100 // of event types: one in so many is found
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	dir, err := os.MkdirTemp("", "flowc-control-")
	check(err)
	defer os.RemoveAll(dir)
	flowc := filepath.Join(dir, "flowc")
	build := exec.Command("go", "build", "-o", flowc, "./cmd/flowc")
	build.Dir, build.Stderr = "..", os.Stderr
	check(build.Run())
	fmt.Printf("%d components, a heartbeat of each every %s, for %s\n\n", *components, *interval, *last)
	fmt.Println("| state | register p50 / p99 | heartbeat p50 / p99 | discover p50 / p99 | CPUs | resident |")
	fmt.Println("|---|---|---|---|---|---|")
	measure(flowc, "memory", "--no-persistence")
	file := filepath.Join(dir, "control.db")
	measure(flowc, "file", "--db-path", file)
	begin := time.Now()
	s := serve(flowc, "--db-path", file)
	fmt.Printf("\nstarted again with that file: %d ms until it serves (%s)\n", time.Since(begin).Milliseconds(), s.said)
	s.stop()
}

// A served is a server that runs.
type served struct {
	cmd           *exec.Cmd
	address, said string
}

func serve(flowc string, args ...string) *served {
	s := &served{cmd: exec.Command(flowc, append([]string{"server", "--port", "0", "--http-port", "none"}, args...)...)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	check(err)
	check(s.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	check(err)
	s.said = strings.TrimSpace(line[strings.LastIndexByte(line, ',')+1:])
	s.address = strings.TrimSuffix(strings.Fields(line)[4], ",")
	return s
}

func (s *served) stop() {
	check(s.cmd.Process.Signal(os.Interrupt))
	_ = s.cmd.Wait()
}

// cpu is the processor time that it has taken, rss the memory it has.
func (s *served) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	check(err)
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	check(err)
	system, err := strconv.Atoi(fields[12])
	check(err)
	return time.Duration(user+system) * 10 * time.Millisecond
}

func (s *served) rss() string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	check(err)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kB, err := strconv.Atoi(strings.Fields(value)[0])
			check(err)
			return fmt.Sprintf("%d MB", kB/1024)
		}
	}
	return "?"
}

// latencies are how long calls took.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) time(call func() error) {
	begin := time.Now()
	check(call())
	took := time.Since(begin)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, took)
}

func (l *latencies) String() string {
	slices.Sort(l.all)
	at := func(share float64) string {
		return fmt.Sprintf("%.1f ms", float64(l.all[int(float64(len(l.all)-1)*share)].Microseconds())/1000)
	}
	return at(0.5) + " / " + at(0.99)
}

func measure(flowc, name string, args ...string) {
	s := serve(flowc, args...)
	defer s.stop()
	clients := make([]proto.ControlPlaneServiceClient, connections)
	for i := range clients {
		conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		check(err)
		defer conn.Close()
		clients[i] = proto.NewControlPlaneServiceClient(conn)
	}
	ctx := context.Background()
	var register, heartbeat, discover latencies
	ids := make([]string, *components)
	var all sync.WaitGroup
	for w, c := range clients {
		all.Go(func() {
			for i := w; i < len(ids); i += connections {
				register.time(func() error {
					r, err := c.RegisterComponent(ctx, &proto.RegisterRequest{Component: &proto.ComponentInfo{
						Id: fmt.Sprint("component-", i), Name: "a component", Version: "1.0.0", Type: proto.ComponentType_COMPONENT_TYPE_PROCESSOR, Endpoint: fmt.Sprintf("10.0.0.1:%d", i),
						InputEventTypes: []string{fmt.Sprintf("kind.%d.v1", i%kinds)}, OutputEventTypes: []string{fmt.Sprintf("made.%d.v1", i%kinds)}, Metadata: map[string]string{"network": "testnet"},
					}})
					ids[i] = r.GetServiceId()
					return err
				})
			}
		})
	}
	all.Wait()
	before, begin := s.cpu(), time.Now()
	over := begin.Add(*last)
	for w, c := range clients {
		all.Go(func() { // the components of one connection, evenly over the interval
			mine := (len(ids) - w + connections - 1) / connections
			tick := time.NewTicker(*interval / time.Duration(mine))
			defer tick.Stop()
			for i := w; time.Now().Before(over); i += connections {
				<-tick.C
				id := ids[i%len(ids)]
				heartbeat.time(func() error {
					_, err := c.Heartbeat(ctx, &proto.HeartbeatRequest{ServiceId: id, Status: proto.HealthStatus_HEALTH_STATUS_HEALTHY, Metrics: map[string]string{"events": "12345"}})
					return err
				})
			}
		})
	}
	all.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for i := 0; time.Now().Before(over); i++ {
			<-tick.C
			discover.time(func() error {
				r, err := clients[i%connections].DiscoverComponents(ctx, &proto.DiscoveryRequest{EventTypes: []string{fmt.Sprintf("kind.%d.v1", i%kinds)}})
				if err == nil && len(r.GetComponents()) != *components/kinds {
					err = fmt.Errorf("%d components of a kind are found", len(r.GetComponents()))
				}
				return err
			})
		}
	})
	all.Wait()
	fmt.Printf("| %s | %s | %s | %s | %.2f | %s |\n", name, &register, &heartbeat, &discover, (s.cpu()-before).Seconds()/time.Since(begin).Seconds(), s.rss())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
