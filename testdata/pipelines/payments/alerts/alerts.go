// Package alerts is a sink that is a function.
package alerts

import (
	"context"
	"fmt"
)

type Alert struct {
	ID     string `json:"id"`
	Amount string `json:"amount"`
}

func Notify(_ context.Context, a Alert) error {
	_, err := fmt.Println("big:", a.ID, a.Amount)
	return err
}
