@at_the_end
Feature: What the gateway leaves behind
  Logs are copied, kept and read by people who need no numbers for their work.

  Rule: The gateway keeps no number behind in its logs or on its disk

    Example: After a day's traffic no number is left
      When the gateway is stopped at the end of its day
      Then no number is left in its logs or on its disk
