package live

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// lookAgain is how often somebody who waits looks again.
const lookAgain = time.Second

// errNoLogs is what a release has that is not there.
var errNoLogs = errors.New("it has no pod")

// A logOf is a log: of a container of a pod, and what its lines are said to be from.
type logOf struct{ namespace, pod, container, instance string }

// Logs reads the logs of all pods of a release. Who follows gets those of pods that are
// made later too, and goes on when a container is started again.
func (e *Engine) Logs(ctx context.Context, id string, o deploy.LogOptions, line func(deploy.Line)) error {
	var mu sync.Mutex
	var reading sync.WaitGroup
	defer reading.Wait()
	locked := func(l deploy.Line) {
		mu.Lock()
		defer mu.Unlock()
		line(l)
	}
	known := map[logOf]bool{}
	for first := true; ; first = false {
		all, err := e.logs(ctx, id)
		if err != nil {
			return err
		}
		if first && len(all) == 0 && !o.Follow {
			return fmt.Errorf("%s: %w", id, errNoLogs)
		}
		for _, l := range all {
			if known[l] {
				continue
			}
			known[l] = true
			mine := o
			if !first {
				mine.Tail, mine.Since = -1, time.Time{}
			}
			if !o.Follow {
				if err := e.readLog(ctx, l, mine, locked); err != nil && !notYet(err) {
					return err
				}
				continue
			}
			reading.Go(func() { e.follow(ctx, l, mine, locked) })
		}
		if !o.Follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}

// logs are those of a release's pods, by age.
func (e *Engine) logs(ctx context.Context, id string) (all []logOf, err error) {
	p := e.of(id)
	t, err := e.running(ctx, p)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, o := range t.objects {
		if !runs(o) {
			continue
		}
		picked := selector(o)
		switch kindOf(o) {
		case kindJob:
			picked = "batch.kubernetes.io/job-name=" + nameOf(o)
		case kindCronJob: // those of its runs that are still there
			picked = fmt.Sprintf("%s=%s,batch.kubernetes.io/job-name", labelName, text(o, "metadata", "labels", labelName))
		}
		pods, err := e.pods(ctx, p.namespace, picked)
		if err != nil {
			return nil, err
		}
		for _, pod := range pods {
			names := containers(pod)
			for _, c := range names {
				l := logOf{p.namespace, pod.Name, c, pod.Name}
				if len(names) > 1 {
					l.instance += "/" + c
				}
				if key := l.pod + "/" + c; !known[key] {
					known[key] = true
					all = append(all, l)
				}
			}
		}
	}
	return all, nil
}

// follow reads a log until its pod is gone: what ends when a container does begins again
// behind the last line.
func (e *Engine) follow(ctx context.Context, l logOf, o deploy.LogOptions, line func(deploy.Line)) {
	last := o.Since
	for {
		err := e.readLog(ctx, l, o, func(l deploy.Line) {
			if !l.Time.After(last) {
				return
			}
			last = l.Time
			line(l)
		})
		if gone(err) || ctx.Err() != nil {
			return
		}
		if !last.IsZero() { // the cluster knows whole seconds, and what was read is left out above
			o.Tail, o.Since = -1, last
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgain):
		}
	}
}

// notYet tells whether an error says that a container has no log yet, or none any more.
func notYet(err error) bool { return hasCode(err, http.StatusBadRequest) || gone(err) }

// readLog reads a log once.
func (e *Engine) readLog(ctx context.Context, l logOf, o deploy.LogOptions, line func(deploy.Line)) error {
	q := url.Values{"container": {l.container}, "timestamps": {"true"}}
	if o.Tail >= 0 {
		q.Set("tailLines", strconv.Itoa(o.Tail))
	}
	if o.Follow {
		q.Set("follow", "true")
	}
	if !o.Since.IsZero() {
		q.Set("sinceTime", o.Since.UTC().Format(time.RFC3339))
	}
	answer, err := e.api.open(ctx, http.MethodGet, podPath(l.namespace, l.pod)+"/log", q, "", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	s := bufio.NewScanner(answer.Body)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		stamp, said, _ := strings.Cut(s.Text(), " ")
		when, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			said = s.Text()
		}
		if when.Before(o.Since) && err == nil {
			continue
		}
		line(deploy.Line{Instance: l.instance, Time: when, Text: said})
	}
	return s.Err()
}
