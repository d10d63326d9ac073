"""The command line: als-leukemia-cds serve | check | rules | fixtures."""

from cds_service.commands import main

if __name__ == "__main__":
    main()
