@at_the_end
Feature: An approval means something
  A harness that sees nothing finds nothing. So each run proves that it was awake.

  Rule: The harness has shown that it would have seen a broken rule

    Example: A gateway that breaks every rule is caught in the same lab
      When the gateway that breaks every rule has been judged
      Then every kind of broken rule has been seen on it

    Example: The candidate's requests were followed from the handset to the site
      When the candidate's visits are counted
      Then every request has arrived or has been refused on purpose

    @permitted_sites
    Example: The candidate gave numbers where it should
      When the candidate's visits are counted
      Then permitted sites have received numbers
