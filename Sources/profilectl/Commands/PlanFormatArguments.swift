import ArgumentParser

extension PlanFormat: ExpressibleByArgument {}

/// How a plan is printed.
struct PlanFormatArguments: ParsableArguments {
    @Option(help: "How the plan is printed: text, json, markdown (for a comment on a pull request) or html (one page).")
    var format: PlanFormat = .text

    @Flag(help: "List every device as text, however many there are.")
    var all = false
}
