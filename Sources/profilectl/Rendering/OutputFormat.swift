import ArgumentParser

/// What a command prints that has no more than these two forms.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}
