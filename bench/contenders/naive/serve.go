package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"sync"
)

// serve is W6: every request is decoded into the whole struct, filtered, projected,
// encoded, written, and then answered.
func serve(address, output string) error {
	f, err := os.Create(output)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		line, err := transform(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if line != nil {
			mu.Lock()
			_, err = f.Write(line)
			mu.Unlock()
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]int{"accepted": 1}) // the client has gone
	}))
}

func transform(body []byte) ([]byte, error) {
	e, _, err := decode(body)
	if err != nil {
		return nil, err
	}
	if e.Type != "payment" {
		return nil, nil
	}
	if keep, err := over100(e); !keep {
		return nil, err
	}
	small, err := project(e)
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(small)
	return append(line, '\n'), err
}
